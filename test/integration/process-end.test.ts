// How the router process ends: calls in flight outlive the wish to end it, new ones are refused in words, nothing stays behind.
import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { after, test } from 'node:test'
import { legacyCall, modernCall, problemOf, rawRequest, servedBy } from '#test/support/raw-http.ts'
import { type RouterProcess, startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { until } from '#test/support/until.ts'

const tool = await startScripted({ name: 'tool' })
const mesh = documents(clusterOf('tools', [tool.url]), serverOf('default', ['tools']))

after(() => tool.close())

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
  assert.equal(late.headers['retry-after'], '1', 'another router is there by then')
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

test('in its grace it says that it is not ready and serves all the same, and its callers have left by the end of it', async t => {
  const router = await started({ RINGMAIN_DRAIN_GRACE: '2s' })
  t.after(router.close)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  const ask = () => modernCall(router.mcpUrl, 'echo', {}, { agent })
  await ask()
  router.kill('SIGTERM')
  await until('it to say so', async () => (await router.ready()).draining)
  const beganMs = performance.now()
  assert.equal((await ask()).headers.connection, 'keep-alive')
  let last = await ask()
  const kept: string[] = []
  while (problemOf(last)?.code !== 'RINGMAIN_DRAINING') {
    assert.equal(servedBy(last), 'tool')
    kept.push(last.headers.connection ?? '')
    last = await ask()
  }
  const servedMs = performance.now() - beganMs
  t.diagnostic(`${kept.length} calls served for ${Math.round(servedMs)} ms after it was unready`)
  assert.ok(servedMs > 1_500, `${servedMs} ms`)
  const early = kept.slice(0, kept.length / 4)
  const late = kept.slice(-10)
  assert.ok(early.every(word => word === 'keep-alive'))
  assert.ok(late.filter(word => word === 'close').length >= 8, late.join())
  agent.destroy()
  assert.deepEqual(await router.exited, { code: 0, signal: null })
})

test('told twice in its grace it stops at once', async t => {
  const router = await started({ RINGMAIN_DRAIN_GRACE: '60s' })
  t.after(router.close)
  router.kill('SIGTERM')
  await until('it to drain', async () => (await router.ready()).draining)
  router.kill('SIGTERM')
  assert.deepEqual(await router.exited, { code: 1, signal: null })
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

test('sessions that it opened for calls without one are ended before it is', async t => {
  const keeping = await startScripted({ name: 'keeping', eras: ['legacy'], isSessionful: true })
  const router = await startRouterProcess(
    documents(clusterOf('kept', [keeping.url]), serverOf('default', ['kept'])),
  )
  t.after(() => Promise.all([router.close(), keeping.close()]))
  await router.untilUp('kept', 1)
  // Longer than the listener stays open, so that their end is the end of the drain.
  const calls = Array.from({ length: 30 }, () => legacyCall(router.mcpUrl, 'slow', { ms: 1_300 }))
  await until('all to run', () => keeping.executions() === 30)
  router.kill('SIGTERM')
  for (const answer of await Promise.all(calls)) assert.equal(servedBy(answer), 'keeping')
  assert.deepEqual(await router.exited, { code: 0, signal: null })
  assert.equal(keeping.sessions.size, 0)
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
