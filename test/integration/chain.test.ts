// Routers behind routers: a chain carries calls, lists and sessions, and what would go round is refused before it runs.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  answerOf,
  legacyCall,
  modernCall,
  modernRequest,
  openSession,
  problemOf,
  rawRequest,
  servedBy,
} from '#test/support/raw-http.ts'
import {
  clusterOf,
  documents,
  type RunningRouter,
  runRouter,
  serverOf,
  writePolicies,
} from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { until } from '#test/support/until.ts'

const tool = await startScripted({ name: 'tool', tools: ['echo'] })
const meshOf = (cluster: string, url: string): string =>
  documents(
    clusterOf(cluster, [url], { health: { interval: '200ms', timeout: '1s', rise: 1, fall: 1 } }),
    serverOf('default', [cluster], { naming: 'plain' }),
  )
const inner = await runRouter(meshOf('tools', tool.url))
const outer = await runRouter(meshOf('inner', inner.mcpUrl))
after(async () => {
  await outer.close()
  await inner.close()
  await tool.close()
})

const callsOf = (router: RunningRouter): number =>
  router.calls().filter(line => line['mcp.method.name'] === 'tools/call').length
const executions = (): number => tool.executions('echo')

/** Its documents become these, and it says so. */
async function rewrite(router: RunningRouter, cluster: string, url: string): Promise<void> {
  writePolicies(join(router.policies, '..'), meshOf(cluster, url))
  await until(`the cluster ${cluster}`, async () =>
    (await router.clusters()).items.some(({ name }) => name === cluster),
  )
}

test('a call goes through two routers and runs once, in either era and within a session', async () => {
  await outer.untilUp('inner', 1)
  const before = executions()
  assert.equal(servedBy(await modernCall(outer.mcpUrl, 'echo')), 'tool')
  assert.equal(servedBy(await legacyCall(outer.mcpUrl, 'echo')), 'tool')
  const session = await openSession(outer.mcpUrl)
  assert.equal(servedBy(await legacyCall(outer.mcpUrl, 'echo', {}, { session })), 'tool')
  assert.equal(executions() - before, 3)
  const list = answerOf(await rawRequest(outer.mcpUrl, modernRequest('tools/list')))
  const tools = list.result?.['tools'] as readonly { readonly name: string }[]
  assert.deepEqual(
    tools.map(({ name }) => name),
    ['echo'],
  )
})

test('what one router behind this one has nobody for goes to the next one, and runs once', async t => {
  const gone = await startScripted({ name: 'gone', tools: ['echo'] })
  const short = { interval: '100ms', timeout: '1s', rise: 1, fall: 1 }
  const other = await runRouter(
    documents(
      clusterOf('tools', [gone.url], { health: short }),
      serverOf('default', ['tools'], { naming: 'plain' }),
    ),
  )
  t.after(other.close)
  await other.untilUp('tools', 1)
  const before = await runRouter(
    documents(
      clusterOf('both', [inner.mcpUrl, other.mcpUrl], {
        health: { interval: '1h' },
        retry: { budget: '100%' },
      }),
      serverOf('default', ['both'], { naming: 'plain' }),
    ),
  )
  t.after(before.close)
  await before.untilUp('both', 2)
  await gone.close()
  await gone.close()
  await other.untilUp('tools', 0)
  const [ran, seen] = [executions(), callsOf(other)]
  for (let call = 0; call < 10; call += 1)
    assert.equal(servedBy(await modernCall(before.mcpUrl, 'echo')), 'tool')
  assert.equal(executions() - ran, 10)
  assert.ok(callsOf(other) > seen, 'it was asked, and refused')
})

test('a call that came through eight routers goes no further, and one with a broken list of them is refused', async () => {
  const before = executions()
  const headers = { 'x-ringmain-via': 'a,b,c,d,e,f,g' }
  const far = await modernCall(outer.mcpUrl, 'echo', {}, { headers })
  assert.equal(far.status, 508)
  assert.deepEqual([problemOf(far)?.code, problemOf(far)?.executed], ['RINGMAIN_LOOP', 'no'])
  const broken = await modernCall(outer.mcpUrl, 'echo', {}, { headers: { 'x-ringmain-via': '?' } })
  assert.equal(problemOf(broken)?.code, 'RINGMAIN_INVALID_HEADER')
  assert.equal(executions(), before)
  const { items } = await outer.clusters()
  assert.equal(items[0]?.endpoints[0]?.faults, 0, 'no caller can have a router blamed')
})

test('a router that is named as its own replica is down, and told why', async t => {
  const self = await runRouter(meshOf('elsewhere', tool.url))
  t.after(self.close)
  await rewrite(self, 'itself', self.mcpUrl)
  await until('the reason', async () =>
    (await self.clusters()).items.some(({ endpoints }) =>
      endpoints.some(({ reason }) => reason?.includes('leads back to this one') === true),
    ),
  )
  const answer = await modernCall(self.mcpUrl, 'echo')
  assert.equal(problemOf(answer)?.code, 'RINGMAIN_NO_HEALTHY_REPLICA')
})

test('a call between two routers that name each other comes round once, and is told as not executed', async t => {
  const one = await runRouter(meshOf('elsewhere', tool.url))
  t.after(one.close)
  const other = await runRouter(meshOf('one', one.mcpUrl))
  t.after(other.close)
  await other.untilUp('one', 1)
  await rewrite(one, 'other', other.mcpUrl)
  await one.untilUp('other', 1)
  const answer = await modernCall(one.mcpUrl, 'echo')
  const problem = problemOf(answer)
  assert.deepEqual([problem?.code, problem?.executed], ['RINGMAIN_LOOP', 'no'])
  assert.equal(callsOf(one), 2, 'as it came, and as it came round')
  assert.equal(callsOf(other), 1)
  const again = await legacyCall(one.mcpUrl, 'echo')
  assert.equal(problemOf(again)?.executed, 'no')
})
