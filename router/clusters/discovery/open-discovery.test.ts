// Which provider a policy opens, and that each takes its part of the ports.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DiscoveryPolicy } from '#routes/route-table.ts'
import { sentenceLog } from '#test/support/snapshots.ts'
import { createSources } from './open-discovery.ts'

test('each kind of policy opens its provider, which can be closed without having been started', async () => {
  const policies: readonly DiscoveryPolicy[] = [
    { kind: 'endpoints', endpoints: [] },
    { kind: 'registry', file: 'registry.yaml', service: 's' },
    { kind: 'dns', name: 'h', type: 'A', port: 80, refreshMs: 1_000 },
    { kind: 'consul', service: 's' },
  ]
  const sources = createSources({
    stateDirectory: 'unused',
    consul: { agents: ['http://127.0.0.1:1'] },
    log: sentenceLog(),
  })
  for (const policy of policies) {
    const discovery = sources.open(policy)
    assert.deepEqual(discovery.status(), { kind: policy.kind, isSynced: false, failuresInRow: 0 })
    await discovery.close()
  }
  await sources.close()
})
