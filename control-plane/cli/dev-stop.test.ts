// How a mesh ends, with children that are only promises: the order, the limits, and the second Ctrl-C.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Child, Exit } from './dev-child.ts'
import { listenForStop, stopFamily } from './dev-stop.ts'
import { EXIT } from './failure.ts'

/** A child that ends on the signals it obeys, and writes down what it was sent. */
function fakeChild(name: string, log: string[], obeys: readonly NodeJS.Signals[]): Child {
  const { promise: exited, resolve } = Promise.withResolvers<Exit>()
  let isGone = false
  return {
    name,
    pid: 1,
    logFile: '',
    exited,
    isGone: () => isGone,
    kill: signal => {
      log.push(`${name} ${signal}`)
      if (!obeys.includes(signal)) return
      isGone = true
      resolve({ code: 0, signal: null })
    },
    firstMessage: () => Promise.reject(new Error('not asked for here')),
  }
}

const terminal = (said: string[]) => ({
  print: () => undefined,
  say: (text: string) => void said.push(text),
  width: 80,
  isInteractive: false,
  paint: (_style: unknown, text: string) => text,
  env: {},
})

const never = new AbortController().signal

test('the router ends before its replicas, so that calls in flight find them', async () => {
  const log: string[] = []
  const family = {
    router: fakeChild('router', log, ['SIGTERM']),
    replicas: [fakeChild('a', log, ['SIGTERM']), fakeChild('b', log, ['SIGTERM'])],
    consul: undefined,
  }
  await stopFamily(family, { drainMs: 1_000, now: never }, terminal([]))
  assert.deepEqual(log, ['router SIGTERM', 'a SIGTERM', 'b SIGTERM'])
})

test('a router that does not end is counted down and then killed', async (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const now = t.mock.method(performance, 'now', () => clockMs)
  let clockMs = 0
  const log: string[] = []
  const said: string[] = []
  const family = { router: fakeChild('router', log, ['SIGKILL']), replicas: [], consul: undefined }
  const stopped = stopFamily(family, { drainMs: 2_000, now: never }, terminal(said))
  for (let second = 0; second < 6; second += 1) {
    await new Promise(resolve => setImmediate(resolve))
    clockMs += 1_000
    t.mock.timers.tick(1_000)
  }
  await stopped
  now.mock.restore()
  assert.deepEqual(log, ['router SIGTERM', 'router SIGKILL'])
  assert.match(said[0] ?? '', /1 s left \(Ctrl-C again stops now\)/)
  assert.match(said.at(-1) ?? '', /cut/)
})

test('somebody who wants the end now gets it at once, of everything', async () => {
  const log: string[] = []
  const family = {
    router: fakeChild('router', log, ['SIGKILL']),
    replicas: [fakeChild('a', log, ['SIGKILL'])],
    consul: undefined,
  }
  await stopFamily(family, { drainMs: 60_000, now: AbortSignal.abort() }, terminal([]))
  assert.deepEqual(log, ['router SIGTERM', 'router SIGKILL', 'a SIGTERM', 'a SIGKILL'])
})

test('one Ctrl-C that arrives twice is one, a later one means now', async (t: TestContext) => {
  let clockMs = 0
  t.mock.method(performance, 'now', () => clockMs)
  const stop = listenForStop()
  t.after(stop.close)
  process.emit('SIGINT')
  clockMs = 300
  process.emit('SIGINT')
  assert.equal((await stop.first).exitCode, EXIT.interrupted)
  assert.equal(stop.now.aborted, false)
  clockMs = 900
  process.emit('SIGINT')
  assert.equal(stop.now.aborted, true)
})

test('SIGTERM is a clean end with its own exit code', async (t: TestContext) => {
  const stop = listenForStop()
  t.after(stop.close)
  process.emit('SIGTERM')
  assert.equal((await stop.first).exitCode, EXIT.terminated)
})
