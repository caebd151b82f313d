// Who is asked first, how many at once, and what each cluster gets of the turns. Time is the test's.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { CheckPace } from './check-pace.ts'

const BREAK_MS = 5

function ground(t: TestContext, random = seededRandom(3)) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const pace = new CheckPace(random)
  const begun: string[] = []
  const ends: (() => void)[] = []
  const asked = (name: string) => ({
    ask: () => {
      begun.push(name)
      return new Promise<void>(resolve => ends.push(resolve))
    },
  })
  return { pace, begun, ends, asked }
}

const turn = () => new Promise(resolve => setImmediate(resolve))

test('what is due is asked at once, three before a break, and before all that are new', t => {
  const { pace, begun, asked } = ground(t)
  pace.askNew(asked('new'))
  t.mock.timers.tick(BREAK_MS)
  assert.deepEqual(begun, ['new'])
  t.mock.timers.tick(BREAK_MS)
  pace.askNew(asked('new'))
  for (let number = 0; number < 4; number += 1) pace.ask(asked(`due ${number}`))
  assert.equal(begun.length, 1, 'the break of who came first')
  t.mock.timers.tick(BREAK_MS)
  assert.deepEqual(begun.slice(1), ['due 0', 'due 1', 'due 2'])
  t.mock.timers.tick(BREAK_MS)
  assert.deepEqual(begun.slice(4), ['due 3', 'new'])
  t.mock.timers.tick(BREAK_MS)
  pace.ask(asked('later'))
  assert.equal(begun.at(-1), 'later')
})

test('those that are new are asked in the order of chance, each once', t => {
  const { pace, begun, asked } = ground(t)
  const names = Array.from({ length: 300 }, (_, number) => String(number))
  for (const name of names)
    pace.askNew({
      ask: () =>
        asked(name)
          .ask()
          .then(() => undefined),
    })
  for (let step = 0; step < 40; step += 1) t.mock.timers.tick(BREAK_MS)
  const early = begun.map(Number)
  assert.ok(early.length >= 100 && early.length <= 120, `${early.length} in 200 ms`)
  assert.ok(Math.max(...early) > 200, 'also of those that came last')
  assert.equal(new Set(early).size, early.length)
})

test('a bounded number is under way, and the others follow as those end', async t => {
  const { pace, begun, ends, asked } = ground(t)
  for (let number = 0; number < 200; number += 1) pace.askNew(asked(String(number)))
  for (let step = 0; step < 100; step += 1) t.mock.timers.tick(BREAK_MS)
  assert.equal(begun.length, 128)
  for (const end of ends.splice(0, 2)) end()
  await turn()
  t.mock.timers.tick(BREAK_MS)
  assert.equal(begun.length, 130)
})

test('one that need not be asked any more takes nothing from the others', t => {
  const { pace, begun, asked } = ground(t)
  for (let number = 0; number < 1_000; number += 1) pace.ask({ ask: () => undefined })
  pace.ask(asked('kept'))
  t.mock.timers.tick(BREAK_MS)
  assert.deepEqual(begun, ['kept'])
})

test('a small cluster keeps its turns beside a large one, and large ones share what is left', () => {
  const pace = new CheckPace(() => 0, 25)
  const join = (perSecond: number): void => pace.join({ wanted: perSecond / 1_000 })
  join(5)
  assert.equal(pace.leastGapMs(), 0)
  join(2_000)
  assert.equal(Math.round(pace.leastGapMs()), 1_000 / 20)
  join(400)
  assert.equal(Math.round(pace.leastGapMs()), 1_000 / 10)
})
