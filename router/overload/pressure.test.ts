// Signals to level, level to shares: the table, the way up at once, the way down in time, and no swinging at a threshold.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CRITICALITIES } from '#routes/criticality.ts'
import {
  levelAt,
  levelOf,
  NO_PRESSURE,
  nextPressure,
  type Pressure,
  type Signals,
  saysOf,
  shedShare,
} from './pressure.ts'

const signals = (differences: Partial<Signals> = {}): Signals => ({
  loopDelayMs: 0,
  busyShare: 0.5,
  heapShare: 0.1,
  inFlight: 0,
  oldestWaitMs: 0,
  ...differences,
})
const late = (loopDelayMs: number): Signals => signals({ loopDelayMs, busyShare: 1 })
const CALM = signals()

/** Levels after each of so many equal readings. */
function levels(from: Pressure, reading: Signals, count: number): number[] {
  const seen: number[] = []
  let pressure = from
  for (let read = 0; read < count; read += 1) {
    pressure = nextPressure(pressure, reading)
    seen.push(levelAt(pressure))
  }
  return seen
}

/** Each twice, as one reading alone is not believed. */
const after = (...readings: readonly Signals[]): Pressure =>
  readings.flatMap(reading => [reading, reading]).reduce(nextPressure, NO_PRESSURE)

test('each signal has its level, and what is only told has none', () => {
  for (const [reading, level] of [
    [CALM, 0],
    [late(30), 0],
    [late(30.1), 1],
    [late(80), 1],
    [late(80.1), 2],
    [late(200), 2],
    [late(200.1), 3],
    [signals({ heapShare: 0.919 }), 0],
    [signals({ heapShare: 0.92 }), 3],
    [signals({ loopDelayMs: 500, busyShare: 0.89 }), 0],
    [signals({ loopDelayMs: 81, busyShare: 0.9 }), 2],
    [signals({ heapShare: 0.949, loopDelayMs: 300, busyShare: 1 }), 3],
    [signals({ heapShare: 0.95 }), 4],
    [signals({ busyShare: 1, inFlight: 1e6, oldestWaitMs: 1e6 }), 0],
  ] as const)
    assert.equal(levelOf(reading), level, JSON.stringify(reading))
})

test('two readings are enough to go up, whatever the level before', () => {
  for (const [reading, level] of [
    [late(31), 1],
    [late(81), 2],
    [late(201), 3],
    [signals({ heapShare: 0.96 }), 4],
  ] as const) {
    assert.equal(levelAt(after(reading)), level)
    assert.equal(levelAt(after(late(31), CALM, reading)), level)
  }
})

test('one late reading is no overload, however late; one of a full heap is', () => {
  const once = (...readings: readonly Signals[]): number =>
    levelAt(readings.reduce(nextPressure, NO_PRESSURE))
  assert.equal(once(late(5_000)), 0)
  assert.equal(once(late(5_000), CALM, late(5_000)), 0)
  assert.equal(once(late(5_000), late(50)), 1)
  assert.equal(once(signals({ heapShare: 0.93 })), 3)
})

test('each level refuses all of its criticalities, and critical_plus is never refused', () => {
  const shares = (reading: Signals): number[] =>
    CRITICALITIES.map(criticality => shedShare(after(reading), criticality))
  assert.deepEqual(shares(CALM), [0, 0, 0, 0])
  assert.deepEqual(shares(late(31)), [1, 0, 0, 0])
  assert.deepEqual(shares(late(81)), [1, 1, 0, 0])
  assert.deepEqual(shares(late(201)), [1, 1, 1, 0])
  assert.deepEqual(shares(signals({ heapShare: 0.95 })), [1, 1, 1, 0])
})

test('from the highest level it is back to normal within five seconds of calm', () => {
  const down = levels(after(signals({ heapShare: 0.99 })), CALM, 20)
  const readings = down.indexOf(0) + 1
  assert.ok(readings > 0 && (readings + 1) * 250 <= 5_000, `${readings} readings`)
  assert.deepEqual(
    down,
    down.toSorted((a, b) => b - a),
  )
})

test('the way down begins slowly, so that those who were refused do not all come back at once', () => {
  let pressure = after(late(31))
  const shares: number[] = []
  for (let read = 0; read < 4; read += 1) {
    pressure = nextPressure(pressure, CALM)
    shares.push(Math.round(shedShare(pressure, 'sheddable') * 100))
  }
  assert.deepEqual(shares, [98, 94, 86, 70])
  const again = [late(31), late(31)].reduce(nextPressure, pressure)
  assert.equal(shedShare(again, 'sheddable'), 1)
})

test('between calm and the threshold it stays as it is: no level is left and entered in turn', () => {
  for (const [up, around, level] of [
    [late(31), late(25), 1],
    [late(90), late(60), 2],
    [signals({ heapShare: 0.93 }), signals({ heapShare: 0.9 }), 3],
  ] as const)
    assert.deepEqual(levels(after(up), around, 4), [level, level, level, level])
})

test('a level that is calm gives way to the one below, and stays there while that one is not', () => {
  const down = levels(after(late(300)), late(50), 40)
  assert.equal(down.at(-1), 1)
  assert.equal(down.includes(0), false)
})

test('every level is said in words', () => {
  assert.deepEqual(([0, 1, 2, 3, 4] as const).map(saysOf), [
    'normal',
    'refuses sheddable calls',
    'refuses sheddable, sheddable_plus calls',
    'refuses sheddable, sheddable_plus, critical calls',
    'refuses sheddable, sheddable_plus, critical calls and new connections',
  ])
})
