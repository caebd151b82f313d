// What the process tells of its load: next to nothing while idle, and its turns when they are long.
import assert from 'node:assert/strict'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { processSignals } from './process-signals.ts'

/** The loop goes round with turns of at least this length. */
async function turns(count: number, ms: number): Promise<void> {
  for (let done = 0; done < count; done += 1) {
    const endMs = performance.now() + ms
    while (performance.now() < endMs);
    await turn()
  }
}

test('turns that are all long are seen, and nothing of them is left in the next reading', async t => {
  const signals = processSignals()
  t.after(() => signals.close())
  await turns(3, 1)
  signals.read()
  await turns(8, 60)
  const { loopDelayMs } = signals.read()
  assert.ok(loopDelayMs > 30, `${loopDelayMs} ms where turns took 60 ms`)
  await turns(100, 1)
  const calm = signals.read().loopDelayMs
  assert.ok(calm < loopDelayMs / 2, `${calm} ms after ${loopDelayMs} ms`)
})

test('turns as long as a reading are seen, where the bare monitor that is reset each time sees none', async t => {
  const signals = processSignals()
  const bare = monitorEventLoopDelay({ resolution: 10 })
  bare.enable()
  t.after(() => [signals.close(), bare.disable()])
  await turns(3, 20)
  let least = Number.POSITIVE_INFINITY
  let noted = 0
  for (let reading = 0; reading < 3; reading += 1) {
    signals.read()
    bare.reset()
    await turns(1, 100)
    await turn() // timers come first in the next turn
    least = Math.min(least, signals.read().loopDelayMs)
    noted += bare.count
  }
  assert.ok(least > 50, `${least} ms where turns took 100 ms`)
  assert.equal(noted, 0, 'the monitor no longer loses a look: it may be reset')
})

test('a loop that has no rest is busy however short its turns are, and one that rests is not', async t => {
  const signals = processSignals()
  t.after(() => signals.close())
  signals.read()
  await turns(100, 1)
  const busy = signals.read()
  assert.ok(busy.busyShare > 0.95, String(busy.busyShare))
  await new Promise(resolve => setTimeout(resolve, 100))
  const { busyShare } = signals.read()
  assert.ok(busyShare < 0.5, String(busyShare))
})

test('the heap is a share of what it may be', t => {
  const signals = processSignals()
  t.after(() => signals.close())
  const { heapShare, loopDelayMs } = signals.read()
  assert.ok(heapShare > 0 && heapShare < 1, String(heapShare))
  assert.ok(loopDelayMs >= 0)
})
