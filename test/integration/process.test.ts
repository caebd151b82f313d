// The router as a process: what it prints, with which code it ends, and that calls in flight outlive the wish to end it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { modernCall, problemOf, rawRequest, servedBy } from '#test/support/raw-http.ts'
import { launch, type RouterProcess, startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf, writePolicies } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { until } from '#test/support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'ringmain-process-test-'))
const tool = await startScripted({ name: 'tool' })
const mesh = documents(clusterOf('tools', [tool.url]), serverOf('default', ['tools']))
const policies = writePolicies(folder, mesh)

after(async () => {
  await tool.close()
  rmSync(folder, { recursive: true, force: true })
})

async function outcomeOf(env: Readonly<Record<string, string>>) {
  const { exited, stdout, stderr } = launch({ RINGMAIN_STATE: join(folder, 'state'), ...env })
  const { code } = await exited
  return { code, stdout: stdout(), stderr: stderr() }
}

test('settings that cannot be read end it with 64, each named once and none with a stack', async () => {
  const { code, stdout, stderr } = await outcomeOf({
    RINGMAIN_POLICIES: policies,
    RINGMAIN_PORT: 'seven',
    RINGMAIN_DRAIN: '10 minutes',
  })
  assert.equal(code, 64)
  assert.equal(stdout, '')
  assert.match(stderr, /RINGMAIN_PORT: expected a whole number.*"seven"/)
  assert.match(stderr, /RINGMAIN_DRAIN: expected a duration.*"10 minutes"/)
  assert.doesNotMatch(stderr, /\n {4}at /)
})

test('an unknown log level ends it with 64', async () => {
  const { code, stderr } = await outcomeOf({
    RINGMAIN_POLICIES: policies,
    RINGMAIN_LOG_LEVEL: 'loud',
  })
  assert.equal(code, 64)
  assert.match(stderr, /RINGMAIN_LOG_LEVEL.*"loud"/)
})

test('documents that do not compile end it with 6, all problems with file and line', async () => {
  const bad = writePolicies(join(folder, 'bad'), {
    'a.yaml':
      'apiVersion: ringmain.dev/v1\nkind: Cluster\nmetadata: { name: a }\nspec:\n  discovery: {}\n',
    'b.yaml':
      'apiVersion: ringmain.dev/v1\nkind: VirtualServer\nmetadata: { name: b }\nspec: { clusters: [nobody] }\n',
  })
  const { code, stdout, stderr } = await outcomeOf({ RINGMAIN_POLICIES: bad })
  assert.equal(code, 6)
  assert.equal(stdout, '')
  assert.match(stderr, /a\.yaml:5/)
  assert.match(stderr, /b\.yaml:4/)
  assert.match(stderr, /nobody/)
  assert.doesNotMatch(stderr, /\n {4}at /)
})

test('a folder that is not there ends it with 6, and no folder at all with 1 and the flag', async () => {
  const missing = await outcomeOf({ RINGMAIN_POLICIES: join(folder, 'nowhere') })
  assert.equal(missing.code, 6)
  assert.match(missing.stderr, /nowhere/)
  const none = await outcomeOf({})
  assert.equal(none.code, 1)
  assert.match(none.stderr, /--policies.*RINGMAIN_POLICIES/)
})

test('a port in use ends it with 1 and names port, flag and variable, for either listener', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  for (const [variable, flag] of [
    ['RINGMAIN_PORT', '--port'],
    ['RINGMAIN_ADMIN_PORT', '--admin-port'],
  ] as const) {
    const { code, stdout, stderr } = await outcomeOf({
      RINGMAIN_POLICIES: policies,
      [variable]: String(port),
    })
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.ok(
      stderr.includes(`${port}`) && stderr.includes(`${flag} `) && stderr.includes(variable),
      stderr,
    )
    assert.doesNotMatch(stderr, /\n {4}at /)
  }
  other.close()
})

test('an address that others can reach ends it with 1 unless somebody says so', async () => {
  const { code, stderr } = await outcomeOf({
    RINGMAIN_POLICIES: policies,
    RINGMAIN_HOST: '0.0.0.0',
  })
  assert.equal(code, 1)
  assert.match(stderr, /--expose-without-auth/)
})

async function started(env: Readonly<Record<string, string>> = {}): Promise<RouterProcess> {
  const router = await startRouterProcess(mesh, { env })
  await router.untilUp('tools', 1)
  return router
}

test('it says in one line on standard output where it listens, only logs to standard error, and ends with 0 on SIGTERM', async t => {
  const router = await started()
  t.after(router.close)
  await modernCall(router.mcpUrl, 'echo')
  router.kill('SIGTERM')
  assert.deepEqual(await router.exited, { code: 0, signal: null })
  for (const line of router.stderr().trimEnd().split('\n')) assert.match(line, /^\{.*\}$/)
  assert.equal(
    router.stdout(),
    `ringmain router listening: mcp ${router.mcpUrl}  admin ${router.adminUrl}\n`,
  )
})

test('it ends when the process that started it is gone', async t => {
  const router = await started()
  t.after(router.close)
  router.child.disconnect()
  assert.deepEqual(await router.exited, { code: 0, signal: null })
})

test('SIGTERM lets calls in flight finish whole, refuses new ones as not executed, and says so', async t => {
  const router = await started()
  t.after(router.close)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  await modernCall(router.mcpUrl, 'echo', {}, { agent }) // a connection that stays
  const before = tool.executions('slow')
  const running = [1, 2, 3].map(() => modernCall(router.mcpUrl, 'slow', { ms: 800 }))
  await until('three calls to run', () => tool.executions('slow') === before + 3)
  router.kill('SIGTERM')
  await until('it to say so', async () => (await router.ready()).draining)
  const late = await modernCall(router.mcpUrl, 'echo', {}, { agent })
  assert.equal(late.status, 503)
  assert.equal(late.headers.connection, 'close')
  assert.equal(problemOf(late)?.code, 'RINGMAIN_DRAINING')
  assert.equal(problemOf(late)?.executed, 'no')
  const newcomer = await modernCall(router.mcpUrl, 'echo')
  assert.equal(problemOf(newcomer)?.code, 'RINGMAIN_DRAINING', 'in words, not by a reset')
  for (const answer of await Promise.all(running)) {
    assert.equal(servedBy(answer), 'tool')
    assert.equal(answer.isCut, false)
  }
  assert.deepEqual(await router.exited, { code: 0, signal: null })
  agent.destroy()
})

test('a stream that began before the drain and ends in it leaves no connection to wait for', async t => {
  const router = await started({ RINGMAIN_DRAIN: '20s' })
  t.after(router.close)
  const agent = new Agent({ keepAlive: true })
  const before = tool.executions('one_by_one')
  const call = modernCall(router.mcpUrl, 'one_by_one', { ms: 1_500 }, { agent, progressToken: 'p' })
  await until('the stream to run', () => tool.executions('one_by_one') === before + 1)
  router.kill('SIGTERM')
  assert.equal(servedBy(await call), 'tool')
  const endedMs = performance.now()
  assert.deepEqual(await router.exited, { code: 0, signal: null })
  const waitedMs = performance.now() - endedMs
  assert.ok(waitedMs < 3_000, `it ended ${waitedMs} ms after its last call`)
  agent.destroy()
})

test('a call that does not end holds it no longer than the drain limit, and then it ends with 1', async t => {
  const router = await started({ RINGMAIN_DRAIN: '1s' })
  t.after(router.close)
  const before = tool.executions('idle_stream')
  const call = modernCall(router.mcpUrl, 'idle_stream', {}, { progressToken: 'p' })
  await until('the stream to run', () => tool.executions('idle_stream') === before + 1)
  router.kill('SIGTERM')
  assert.deepEqual(await router.exited, { code: 1, signal: null })
  assert.equal((await call).isCut, true)
})

test('told twice it stops at once', async t => {
  const router = await started({ RINGMAIN_DRAIN: '60s' })
  t.after(router.close)
  const before = tool.executions('idle_stream')
  const call = modernCall(router.mcpUrl, 'idle_stream', {}, { progressToken: 'p' })
  await until('the stream to run', () => tool.executions('idle_stream') === before + 1)
  router.kill('SIGTERM')
  await until('it to drain', async () => (await router.ready()).draining)
  router.kill('SIGTERM')
  assert.deepEqual(await router.exited, { code: 1, signal: null })
  assert.equal((await call).isCut, true)
})

test('every call left its line by the time it has ended', async t => {
  const router = await started()
  t.after(router.close)
  for (let count = 0; count < 20; count += 1) await modernCall(router.mcpUrl, 'echo')
  await rawRequest(router.mcpUrl, { method: 'GET' })
  router.kill('SIGTERM')
  await router.exited
  assert.equal(router.lines().filter(({ event }) => event === 'call').length, 21)
  assert.equal(router.lines().at(-1)?.['event'], 'router.stopped')
})
