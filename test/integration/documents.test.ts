// Policy documents edited under a running router: a good edit takes over whole and costs no call, a bad one changes nothing.
import assert from 'node:assert/strict'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openCaller, openLoop } from '#test/support/open-loop.ts'
import {
  answerOf,
  callParams,
  legacyCall,
  modernCall,
  modernRequest,
  openSession,
  problemOf,
  rawRequest,
  servedBy,
} from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { until } from '#test/support/until.ts'

const one = await startScripted({ name: 'one', isSessionful: true })
const two = await startScripted({ name: 'two', isSessionful: true })
const MESH = documents(
  clusterOf('tools', [one.url]),
  clusterOf('other', [two.url]),
  serverOf('default', ['tools', 'other']),
)
const router = await runRouter({ 'mesh.yaml': MESH })
const { mcpUrl } = router

after(async () => {
  await router.close()
  await Promise.all([one.close(), two.close()])
})

/** As an editor saves: the new text under the old name, in one step. */
function save(name: string, text: string): void {
  const path = join(router.policies, name)
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

/** Saves, and resolves when another table is in force and no problem is told. */
async function edit(name: string, text: string): Promise<void> {
  const { version } = (await router.view()).table
  save(name, text)
  await until('the edit to be in force', async () => {
    const { table } = await router.view()
    return table.version !== version && table.problem === undefined
  })
}

const restore = (): Promise<void> => edit('mesh.yaml', MESH)
const call = (name: string) => modernCall(mcpUrl, name)

test('a bad edit leaves the table in force, says so with file and line, and is forgotten when put right', async () => {
  const { version } = (await router.view()).table
  save('mesh.yaml', MESH.replace('"VirtualServer"', '"VirtualServre"'))
  await until('the problem to be told', async () => (await router.view()).table.problem)
  const { table } = await router.view()
  assert.equal(table.version, version)
  assert.match(table.problem ?? '', /mesh\.yaml:5.*VirtualServre/s)
  const view = await router.ready()
  assert.equal(view.ready, true, 'it serves as before')
  const check = view.checks.find(({ id }) => id === 'documents')
  assert.match(check?.detail ?? '', /mesh\.yaml:5/)
  assert.equal(servedBy(await call('tools__echo')), 'one')
  save('mesh.yaml', MESH)
  await until(
    'the problem to be gone',
    async () => (await router.view()).table.problem === undefined,
  )
  assert.equal((await router.view()).table.version, version)
  assert.doesNotMatch(JSON.stringify(await router.ready()), /mesh\.yaml/)
})

test('a cluster withdrawn while a virtual server still names it is a bad edit', async () => {
  save(
    'mesh.yaml',
    documents(clusterOf('tools', [one.url]), serverOf('default', ['tools', 'other'])),
  )
  const problem = await until(
    'the problem to be told',
    async () => (await router.view()).table.problem,
  )
  assert.match(problem, /\bother\b/)
  assert.equal(servedBy(await call('other__echo')), 'two')
  save('mesh.yaml', MESH)
  await until(
    'the problem to be gone',
    async () => (await router.view()).table.problem === undefined,
  )
})

test('a virtual server added in a file of its own appears, and goes with its file', async () => {
  assert.equal((await modernCall(`${mcpUrl}/extra`, 'echo')).status, 404)
  await edit('extra.yaml', serverOf('extra', ['other']))
  assert.equal(servedBy(await modernCall(`${mcpUrl}/extra`, 'echo')), 'two')
  const listed = (await router.view()).virtualServers.map(({ path }) => path)
  assert.ok(listed.includes('/mcp/extra'))
  rmSync(join(router.policies, 'extra.yaml'))
  await until(
    'it to be gone',
    async () => (await modernCall(`${mcpUrl}/extra`, 'echo')).status === 404,
  )
})

test('a cluster withdrawn with all that names it is offered no more, in old sessions neither', async () => {
  const session = await openSession(mcpUrl)
  assert.equal(servedBy(await legacyCall(mcpUrl, 'other__echo', {}, { session })), 'two')
  await edit(
    'mesh.yaml',
    documents(clusterOf('tools', [one.url]), serverOf('default', ['tools'], { naming: 'prefix' })),
  )
  const ran = two.executions()
  assert.equal(answerOf(await call('other__echo')).error?.code, -32602)
  assert.equal(
    answerOf(await legacyCall(mcpUrl, 'other__echo', {}, { session })).error?.code,
    -32602,
  )
  assert.equal(servedBy(await legacyCall(mcpUrl, 'tools__echo', {}, { session })), 'one')
  const list = answerOf(await rawRequest(mcpUrl, modernRequest('tools/list')))
  const names = ((list.result ?? {})['tools'] as readonly { name: string }[]).map(
    ({ name }) => name,
  )
  assert.ok(names.every(name => name.startsWith('tools__')))
  assert.equal(two.executions(), ran)
  await restore()
})

test('a cluster whose registry names no replica refuses its calls, names itself, and comes back', async () => {
  const registry = (entries: string): void =>
    writeFileSync(join(router.policies, '..', 'registry.yaml'), `services: { mcp: [${entries}] }\n`)
  const entry = `{ id: r1, address: 127.0.0.1, port: ${two.port} }`
  registry(entry)
  const discovery = { registry: { file: '../registry.yaml', service: 'mcp' } }
  await edit(
    'registered.yaml',
    documents(clusterOf('registered', [], { discovery }), serverOf('reg', ['registered'])),
  )
  await router.untilUp('registered', 1)
  const ask = () => modernCall(`${mcpUrl}/reg`, 'echo')
  assert.equal(servedBy(await ask()), 'two')
  registry('')
  const refused = await until('its calls to be refused', async () => {
    const problem = problemOf(await ask())
    return problem?.code === 'RINGMAIN_NO_HEALTHY_REPLICA' ? problem : undefined
  })
  assert.match(refused.says, /registered: no replica is registered/)
  assert.equal(refused.executed, 'no')
  registry(entry)
  await until('it to be back', async () => servedBy(await ask()) === 'two')
})

test('a call that runs while the table changes under it ends as if nothing had happened', async () => {
  const session = await openSession(mcpUrl)
  const ran = one.executions('slow')
  const running = [
    modernCall(mcpUrl, 'tools__slow', { ms: 1_000 }),
    legacyCall(mcpUrl, 'tools__slow', { ms: 1_000 }, { session }),
    modernCall(mcpUrl, 'tools__one_by_one', { ms: 1_000 }, { progressToken: 'p' }),
  ]
  await until('they run', () => one.executions('slow') === ran + 2)
  await edit(
    'mesh.yaml',
    documents(
      clusterOf('tools', [one.url], { vendor: 'changed' }),
      clusterOf('other', [two.url]),
      serverOf('default', ['tools', 'other']),
    ),
  )
  for (const answer of await Promise.all(running)) {
    assert.equal(servedBy(answer), 'one')
    assert.equal(answer.isCut, false)
  }
  assert.equal(servedBy(await legacyCall(mcpUrl, 'tools__echo', {}, { session })), 'one')
  await restore()
})

test('a run of edits under 50 calls a second costs none of them, and the last edit is in force', async t => {
  const caller = openCaller(mcpUrl)
  const request = modernRequest('tools/call', callParams('tools__echo'))
  const load = openLoop(50, () => caller.call(request))
  const meshes = [[one.url, two.url], [two.url], [one.url], [two.url, one.url]].map((urls, index) =>
    documents(
      clusterOf('tools', urls, { vendor: `v${index}` }),
      clusterOf('other', [two.url]),
      serverOf('default', ['tools', 'other'], { instructions: `edit ${index}` }),
    ),
  )
  for (const mesh of meshes) await edit('mesh.yaml', mesh)
  for (let index = 0; index < 10; index += 1)
    save('mesh.yaml', meshes[index % meshes.length] ?? MESH)
  await restore()
  const sent = load.sent()
  await until('some calls more', () => load.sent() > sent + 25)
  const report = await load.stop()
  await caller.close()
  t.diagnostic(`${report.sent} calls, ${report.failures.length} failed`)
  assert.deepEqual(report.failures, [])
  assert.ok(report.sent > 50)
  const cluster = (await router.clusters()).items.find(({ name }) => name === 'tools')
  assert.equal(cluster?.vendor, 'tools')
  assert.equal(cluster?.endpoints.length, 1)
})
