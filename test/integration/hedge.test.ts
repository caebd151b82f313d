// A read that is slow at one replica is answered by another, for two calls of a hundred at most, and the slow one is let go.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { legacyCall, modernCall, servedBy } from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { until } from '#test/support/until.ts'

/** What becomes of the next calls; those that nothing is said of are answered. */
const fates: string[] = []
const TOOLS = ['lookup', 'unhedged', 'upsert']
const replicas = await Promise.all(
  ['a', 'b'].map(name =>
    startScripted({
      name,
      tools: TOOLS,
      annotations: {
        lookup: { readOnlyHint: true },
        unhedged: { readOnlyHint: true },
        upsert: { idempotentHint: true },
      },
      runsAs: () => fates.shift() ?? 'echo',
    }),
  ),
)
/** Longer than a machine that does other things as well keeps any call waiting: a hedge too many would be one too few later. */
const AFTER_MS = 1_000
const tool = (name: string, spec: object): string =>
  JSON.stringify({
    apiVersion: 'ringmain.dev/v1',
    kind: 'Tool',
    metadata: { name },
    spec: { cluster: 'crm', effect: 'read', replay: 'safe', ...spec },
  })
const router = await runRouter(
  documents(
    clusterOf(
      'crm',
      replicas.map(({ url }) => url),
      { timeouts: { firstByte: '30s', idle: '30s' } },
    ),
    tool('hedged', { tools: ['lookup', 'upsert'], hedge: { after: `${AFTER_MS}ms` } }),
    tool('plain', { tools: ['unhedged'] }),
    serverOf('default', ['crm']),
  ),
)
const { mcpUrl } = router

after(async () => {
  await router.close()
  await Promise.all(replicas.map(replica => replica.close()))
})

const executions = (name: string): number =>
  replicas.reduce((sum, replica) => sum + replica.executions(name), 0)
const line = (): Readonly<Record<string, unknown>> => router.calls().at(-1) ?? {}

test('a slow read is answered by the second replica, and the first is let go', async () => {
  for (let call = 0; call < 60; call += 1) await modernCall(mcpUrl, 'lookup')
  fates.push('hang_before_headers')
  const answer = await modernCall(mcpUrl, 'lookup')
  assert.ok(['a', 'b'].includes(servedBy(answer) ?? ''), answer.body.toString())
  assert.deepEqual([line()['ringmain.hedged'], line()['ringmain.attempts']], ['second', 2])
  await until('the first to be left', () => replicas.some(({ aborts }) => aborts.length === 1))
  assert.equal(executions('lookup'), 62, 'one call of 61 ran twice')
  const items = (await router.clusters()).items
  const faults = items.flatMap(({ endpoints }) => endpoints.map(endpoint => endpoint.faults))
  assert.deepEqual(faults, [0, 0], 'nobody is to blame for having been slower')
})

test('what has been spent is earned anew first: the next slow read waits for its replica', async () => {
  fates.push('slow')
  await modernCall(mcpUrl, 'lookup', { ms: 1.2 * AFTER_MS })
  assert.equal(line()['ringmain.attempts'], 1)
})

test('what only may be repeated, what no document lets hedge and a legacy call wait for their replica', async () => {
  for (let call = 0; call < 60; call += 1) await modernCall(mcpUrl, 'lookup')
  for (const call of [
    () => modernCall(mcpUrl, 'upsert', { ms: 1.2 * AFTER_MS }),
    () => modernCall(mcpUrl, 'unhedged', { ms: 1.2 * AFTER_MS }),
    () => legacyCall(mcpUrl, 'lookup', { ms: 1.2 * AFTER_MS }),
  ]) {
    fates.push('slow')
    await call()
    assert.equal(line()['ringmain.attempts'], 1)
    assert.equal(line()['ringmain.hedged'], undefined)
  }
  fates.push('slow')
  await modernCall(mcpUrl, 'lookup', { ms: 60_000 })
  assert.equal(line()['ringmain.hedged'], 'second', 'it could have been paid for')
})
