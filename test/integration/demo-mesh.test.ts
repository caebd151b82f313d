// The demo mesh from start to end, as a person meets it: calls in both eras, a killed replica, and nothing left behind.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { ClusterList } from '#foundation/admin-views.ts'
import { type DemoMesh, startDemoMesh } from '#test/support/demo-mesh.ts'
import { isRunning } from '#test/support/processes.ts'
import { realPart } from '#test/support/real-parts.ts'
import { until } from '#test/support/until.ts'

async function mesh(t: TestContext, ...flags: readonly string[]): Promise<DemoMesh> {
  const started = await startDemoMesh(...flags)
  t.after(started.close)
  return started
}

async function modernClient(t: TestContext, url: string): Promise<Client> {
  const client = new Client(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  )
  await client.connect(new StreamableHTTPClientTransport(new URL(url)))
  t.after(() => client.close())
  return client
}

async function legacyClient(t: TestContext, url: string): Promise<LegacyClient> {
  const client = new LegacyClient({ name: 'test', version: '1' })
  await client.connect(new LegacyTransport(new URL(url)))
  t.after(() => client.close())
  return client
}

async function takingCalls({ adminUrl }: DemoMesh, cluster: string): Promise<readonly string[]> {
  const list = (await (await fetch(`${adminUrl}/debug/clusters`)).json()) as ClusterList
  const endpoints = list.items.find(({ name }) => name === cluster)?.endpoints ?? []
  return endpoints.filter(one => one.state === 'ready' && one.health === 'up').map(({ key }) => key)
}

const allGone = (pids: ReadonlyMap<string, number>) =>
  until('every process of the mesh to end', () => ![...pids.values()].some(isRunning), 20_000)

const search = { name: 'search__search', arguments: { query: 'hello' } }

test('clients of both eras and the command line call tools; a replica that is dead costs one call at most, and comes back', async t => {
  const demo = await mesh(t)
  const modern = await modernClient(t, demo.mcpUrl)
  const legacy = await legacyClient(t, demo.mcpUrl)
  for (const client of [modern, legacy]) {
    assert.equal((await client.listTools()).tools.length, 8)
    assert.notEqual((await client.callTool(search)).isError, true)
  }
  const call = await demo.ringmain(
    'call',
    'search__search',
    '--arg',
    'query=hello',
    '--server-url',
    demo.mcpUrl,
  ).ended
  assert.equal(call.code, 0, call.stderr)
  assert.equal((JSON.parse(call.stdout) as { readonly total: number }).total, 1)

  const pids = await demo.pids()
  const victim = pids.get('search-2') ?? 0
  process.kill(victim, 'SIGKILL')
  await until('it to be gone', () => !isRunning(victim)) // a call that reached it alive may be lost with it
  // The router may send one call more on a connection whose end it has not read yet; of that it says that nobody knows.
  const lost: string[] = []
  for (let n = 0; n < 20; n += 1) {
    const answer = await modern.callTool(search)
    if (answer.isError === true) lost.push(JSON.stringify(answer))
  }
  assert.ok(
    lost.length <= 1 && lost.every(text => /RINGMAIN_OUTCOME_UNKNOWN/.test(text)),
    lost.join(),
  )
  await until('dev to tell of the death', () => /search-2 ended with SIGKILL/.test(demo.output()))
  await until('the router to see it', async () => (await takingCalls(demo, 'search')).length === 2)
  const status = await demo.ringmain('status', '--server', demo.adminUrl).ended
  assert.equal(status.code, 0)
  assert.match(status.stdout, /search +2\/3/)

  const again = demo.ringmain('dev', 'replica', 'search-2', '--state', demo.state)
  await until(
    'the replica to be routed to again',
    async () => (await takingCalls(demo, 'search')).length === 3,
  )
  await until('dev to tell of its return', () => /search-2 is back/.test(demo.output()))
  assert.match(again.stderr(), /starting search-2 again at port/)
  const second = await demo.ringmain('dev', 'replica', 'search-2', '--state', demo.state).ended
  assert.equal(second.code, 1)
  assert.match(second.stderr, /search-2 still runs/)

  const living = await demo.pids()
  demo.process.kill('SIGINT')
  await until('dev to end', () => demo.process.exitCode !== null, 20_000)
  assert.equal(demo.process.exitCode, 130)
  await again.ended
  await allGone(living)
})

test('nothing outlives a mesh whose first process is killed', async t => {
  const demo = await mesh(t)
  const pids = await demo.pids()
  assert.equal(pids.size, 11)
  demo.process.kill('SIGKILL')
  await allGone(pids)
})

test('a call in flight finishes when the mesh is stopped', async t => {
  const demo = await mesh(t)
  const client = await modernClient(t, demo.mcpUrl)
  const answer = client.callTool(
    { name: 'expenses__report', arguments: { seconds: 3 } },
    { onprogress: ({ progress }) => progress === 1 && demo.process.kill('SIGTERM') },
  )
  assert.notEqual((await answer).isError, true)
  await until('dev to end', () => demo.process.exitCode !== null, 20_000)
  assert.equal(demo.process.exitCode, 143)
})

const consul = realPart('consul')

test('with Consul, replicas come and go as Consul says', {
  skip: 'skip' in consul && consul.skip,
}, async t => {
  const demo = await mesh(t, '--consul')
  const put = async (path: string): Promise<void> => {
    const { ok, status } = await fetch(`${demo.consulUrl}/v1/agent/service/${path}`, {
      method: 'PUT',
    })
    assert.ok(ok, `${path}: HTTP ${status}`)
  }
  await put('maintenance/search-1?enable=true&reason=test')
  await until(
    'maintenance to take it out',
    async () => (await takingCalls(demo, 'search')).length === 2,
    1_000,
  )
  await put('maintenance/search-1?enable=false')
  await until('its return', async () => (await takingCalls(demo, 'search')).length === 3, 1_000)
  await put('deregister/search-2')
  await until(
    'deregistration to take it out',
    async () => (await takingCalls(demo, 'search')).length === 2,
    1_000,
  )
  const client = await modernClient(t, demo.mcpUrl)
  assert.notEqual((await client.callTool(search)).isError, true)
  demo.process.kill('SIGKILL')
  const listens = (): Promise<boolean> =>
    fetch(`${demo.consulUrl}/v1/status/leader`).then(
      () => true,
      () => false,
    )
  await until('the agent to end with the mesh', async () => !(await listens()))
})
