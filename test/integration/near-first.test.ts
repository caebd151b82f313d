// A router that is told where it stands, and one that is not, before replicas in two zones: whom it calls, what it shows of
// them, and that a zone which is lost costs no call.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { answerOf, modernCall } from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'

const [near, other, far] = await Promise.all(
  ['near', 'other', 'far'].map(name => startScripted({ name })),
)
if (near === undefined || other === undefined || far === undefined)
  throw new Error('three were made')

const cluster = clusterOf('tools', [], {
  discovery: {
    endpoints: [
      { url: near.url, zone: 'eu-a', region: 'eu' },
      { url: other.url, zone: 'eu-b', region: 'eu' },
      { url: far.url, zone: 'us-a', region: 'us' },
    ],
  },
})
const text = documents(cluster, serverOf('default', ['tools']))
const placed = await runRouter(text, { env: { RINGMAIN_ZONE: 'eu-a', RINGMAIN_REGION: 'eu' } })
const unplaced = await runRouter(text)

after(async () => {
  await Promise.all([placed.close(), unplaced.close()])
  await Promise.all([near.close(), other.close(), far.close()])
})

/** Calls that each of the three was given of so many. */
async function given(mcpUrl: string, count: number): Promise<readonly number[]> {
  const before = [near, other, far].map(replica => replica?.executions('echo') ?? 0)
  for (let call = 0; call < count; call += 1) {
    const answer = await modernCall(mcpUrl, 'echo', { text: 'x' })
    assert.equal(answerOf(answer).error, undefined)
  }
  return [near, other, far].map(
    (replica, place) => (replica?.executions('echo') ?? 0) - (before[place] ?? 0),
  )
}

test('a router that knows its zone calls the replica of its zone', async () => {
  await placed.untilUp('tools', 3)
  assert.deepEqual(await given(placed.mcpUrl, 40), [40, 0, 0])
  const [shown] = (await placed.clusters()).items
  const tiers = shown?.endpoints.map(({ url, tier }) => [url, tier])
  assert.deepEqual(
    new Map(tiers as [string, string][]),
    new Map([
      [near.url, 'zone'],
      [other.url, 'region'],
      [far.url, 'remote'],
    ]),
  )
})

test('a router that was told nothing calls them all', async () => {
  await unplaced.untilUp('tools', 3)
  const counts = await given(unplaced.mcpUrl, 60)
  assert.ok(
    counts.every(count => count > 0),
    counts.join(),
  )
  const [shown] = (await unplaced.clusters()).items
  assert.deepEqual(new Set(shown?.endpoints.map(({ tier }) => tier)), new Set(['zone']))
})

test('when the replica of its zone is gone calls go to the region, and none of them fails', async () => {
  await near.close()
  const [none, all, beyond] = await given(placed.mcpUrl, 40)
  assert.deepEqual([none, all, beyond], [0, 40, 0])
})
