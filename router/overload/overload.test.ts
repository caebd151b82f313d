// A router under load: read four times a second, each change told once, calls refused by what they are worth, and counted.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { Overload } from './overload.ts'
import type { Signals } from './pressure.ts'

const SEED = 7

function ground(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  t.diagnostic(`seed ${SEED}`)
  const now: { signals: Signals } = {
    signals: { loopDelayMs: 0, busyShare: 0, heapShare: 0, inFlight: 3, oldestWaitMs: 0 },
  }
  const changes: string[] = []
  const readings: number[] = []
  const overload = new Overload({
    read: () => now.signals,
    inFlight: () => now.signals.inFlight,
    random: seededRandom(SEED),
    onReading: level => void readings.push(level),
    onLevel: ({ level, before, signals }) =>
      void changes.push(`${before} to ${level} at ${signals.loopDelayMs} ms`),
  })
  overload.start()
  t.after(() => overload.close())
  return {
    overload,
    changes,
    readings,
    /** One reading with so many calls under way, and no rest or half of the time. */
    carry: (inFlight: number, busyShare: number) => {
      now.signals = { ...now.signals, inFlight, busyShare }
      t.mock.timers.tick(250)
    },
    /** So many readings of this delay. */
    late: (loopDelayMs: number, count = 1) => {
      now.signals = { ...now.signals, loopDelayMs, busyShare: loopDelayMs === 0 ? 0 : 1 }
      t.mock.timers.tick(250 * count)
    },
  }
}

test('it is read every quarter of a second, and a change of level is told once', t => {
  const { overload, changes, readings, late } = ground(t)
  late(0, 4)
  assert.deepEqual(readings, [0, 0, 0, 0])
  assert.deepEqual(changes, [])
  late(100, 3)
  assert.equal(overload.level, 2)
  assert.deepEqual(changes, ['0 to 2 at 100 ms'])
  late(0, 20)
  assert.deepEqual(changes, ['0 to 2 at 100 ms', '2 to 1 at 0 ms', '1 to 0 at 0 ms'])
  assert.equal(overload.signals.inFlight, 3)
})

test('while all is well nothing is refused', t => {
  const { overload } = ground(t)
  assert.equal(overload.refusalOf('sheddable'), undefined)
  assert.deepEqual([...overload.shed.values()], [0, 0, 0, 0])
})

test('what matters less than the level is refused, counted, and told to come back later the worse it is', t => {
  const { overload, late } = ground(t)
  late(50, 2)
  assert.deepEqual(overload.refusalOf('sheddable'), {
    code: 'RINGMAIN_OVERLOADED',
    retryAfterMs: 1_000,
  })
  assert.equal(overload.refusalOf('sheddable_plus'), undefined)
  late(500, 2)
  assert.equal(overload.refusalOf('critical')?.retryAfterMs, 3_000)
  assert.equal(overload.refusalOf('critical_plus'), undefined)
  assert.deepEqual(Object.fromEntries(overload.shed), {
    sheddable: 1,
    sheddable_plus: 0,
    critical: 1,
    critical_plus: 0,
  })
})

test('on the way down a share of the lowest criticality is served', t => {
  const { overload, late } = ground(t)
  late(50, 2)
  late(0, 4)
  let refused = 0
  for (let call = 0; call < 1_000; call += 1)
    if (overload.refusalOf('sheddable') !== undefined) refused += 1
  assert.ok(refused > 650 && refused < 750, `${refused} of 1000 where 700 are due`)
})

test('a loop without rest holds sheddable calls to as many as it can carry, and is back to normal when it rests', t => {
  const { overload, changes, carry } = ground(t)
  carry(200, 1)
  assert.equal(overload.level, 1)
  assert.equal(overload.refusalOf('sheddable')?.retryAfterMs, 1_000)
  assert.equal(overload.refusalOf('sheddable_plus'), undefined)
  carry(170, 1)
  assert.equal(overload.refusalOf('critical'), undefined)
  carry(100, 0.99)
  carry(80, 0.5)
  assert.equal(overload.refusalOf('sheddable'), undefined)
  for (let reading = 0; reading < 4; reading += 1) carry(80, 0.5)
  assert.equal(overload.level, 0)
  assert.deepEqual(changes, ['0 to 1 at 0 ms', '1 to 0 at 0 ms'])
})

test('once closed it is read no more', t => {
  const { overload, readings, late } = ground(t)
  late(0)
  overload.close()
  late(0, 10)
  assert.deepEqual(readings, [0])
})
