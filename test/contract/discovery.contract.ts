// What every source of replicas must do alike. A rig opens one source and changes it; what a source cannot be made to do
// the rig says with a reason, and the suite shows it. Waiting is on publications, bounded, never on time alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Discovery } from '#router/clusters/discovery/instance.ts'
import { snapshotLog } from '#test/support/snapshots.ts'
import { discoveryCases, type Running } from './discovery-cases.ts'
import type { Ability, DiscoveryRig } from './discovery-rig.ts'

export interface DiscoveryContract {
  readonly name: string
  /** Begins with two replicas, on ports 9001 and 9002. */
  readonly makeRig: () => Promise<DiscoveryRig>
  /** What this source cannot do, and why. */
  readonly cannot: Partial<Readonly<Record<Ability, string>>>
  readonly skip?: string | false
}

export function discoveryContract({
  name,
  makeRig,
  cannot,
  skip = false,
}: DiscoveryContract): void {
  const run = (says: string, needs: readonly Ability[], body: (rig: Running) => Promise<void>) => {
    const missing = needs.find(ability => cannot[ability] !== undefined)
    if (missing !== undefined) return
    test(`${name}: ${says}`, { skip }, async t => {
      const rig = await makeRig()
      const opened: Discovery[] = []
      t.after(async () => {
        await Promise.all(opened.map(discovery => discovery.close()))
        await rig.close()
      })
      const start = () => {
        const discovery = rig.open()
        opened.push(discovery)
        const seen = snapshotLog()
        discovery.start(seen.publish)
        return { discovery, seen }
      }
      await body({ ...rig, start })
    })
  }
  for (const contractCase of discoveryCases) run(...contractCase)
  test(`${name}: what this source cannot be made to do is said with its reason`, { skip }, t => {
    for (const [ability, reason] of Object.entries(cannot)) {
      assert.ok(reason.length > 10, ability)
      t.diagnostic(`${name} cannot ${ability}: ${reason}`)
    }
  })
}
