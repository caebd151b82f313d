// Who goes first of those who wait: by criticality, and under overload the newest; who makes room, and who is not let in.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Criticality } from '#routes/criticality.ts'
import { SlotQueue } from './slot-queue.ts'

/** Waiters by name, and what became of each. */
function ground(t: TestContext, queue = 3) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let nowMs = 0
  let free = 0
  const slots = new SlotQueue(() => nowMs)
  const log: string[] = []
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 4; turn += 1) await Promise.resolve()
  }
  return {
    slots,
    add: (name: string, criticality: Criticality = 'critical') => {
      const take = (): true | undefined => {
        if (free === 0) return undefined
        free -= 1
        return true
      }
      void slots
        .wait({ queue, waitMs: 5_000 }, take, { criticality })
        .then(taken => log.push(taken === true ? name : `not ${name}`))
    },
    pass: (ms: number) => {
      nowMs += ms
      t.mock.timers.tick(ms)
    },
    /** One slot after another. */
    give: async (count: number) => {
      for (let given = 0; given < count; given += 1) {
        free += 1
        slots.free()
        await settle()
      }
    },
    said: async () => {
      await settle()
      return log.splice(0)
    },
  }
}

test('the more critical goes first, and among equals who came first', async t => {
  const { add, give, said } = ground(t, 9)
  add('batch', 'sheddable')
  add('page')
  add('page too')
  add('pay', 'critical_plus')
  add('hint', 'sheddable_plus')
  await give(5)
  assert.deepEqual(await said(), ['pay', 'page', 'page too', 'hint', 'batch'])
})

test('of what the level refuses the newest goes first, and the others wait their turn', async t => {
  const { slots, add, give, said } = ground(t, 9)
  for (const name of ['a', 'b', 'c']) add(name, 'sheddable')
  for (const name of ['d', 'e']) add(name)
  slots.overloaded(1)
  await give(4)
  assert.deepEqual(await said(), ['d', 'e', 'c', 'b'])
  slots.overloaded(0)
  add('f', 'sheddable')
  await give(2)
  assert.deepEqual(await said(), ['a', 'f'])
  for (const name of ['g', 'h']) add(name)
  for (const name of ['i', 'j']) add(name, 'critical_plus')
  slots.overloaded(4)
  await give(4)
  assert.deepEqual(await said(), ['i', 'j', 'h', 'g'])
})

test('of what the level refuses nobody is kept for longer than 100 ms, of all else as long as the cluster says', async t => {
  const { slots, add, pass, give, said } = ground(t, 9)
  add('old', 'sheddable')
  add('vital')
  pass(101)
  assert.equal(slots.oldestWaitMs(101), 101)
  assert.deepEqual(await said(), [])
  slots.overloaded(1)
  assert.deepEqual(await said(), ['not old'])
  await give(1)
  assert.deepEqual(await said(), ['vital'])
  add('new', 'sheddable')
  pass(101)
  add('newest', 'sheddable')
  await give(1)
  assert.deepEqual(await said(), ['not new', 'newest'])
  assert.equal(slots.length, 0)
})

test('where the queue is full the last of those that matter least makes room for one that matters more', async t => {
  const { add, said } = ground(t)
  add('batch 1', 'sheddable')
  add('batch 2', 'sheddable')
  add('page')
  add('batch 3', 'sheddable')
  assert.deepEqual(await said(), ['not batch 3'])
  add('page 2')
  add('page 3')
  assert.deepEqual(await said(), ['not batch 2', 'not batch 1'])
  add('page 4')
  assert.deepEqual(await said(), ['not page 4'])
})

test('a queue that does not get shorter takes nobody more who matters less', async t => {
  const { slots, add, pass, give, said } = ground(t, 99)
  add('page')
  pass(101)
  add('batch', 'sheddable')
  add('hint', 'sheddable_plus')
  assert.deepEqual(await said(), ['not batch'])
  pass(400)
  add('hint 2', 'sheddable_plus')
  add('page 2')
  assert.deepEqual(await said(), ['not hint 2'])
  await give(3)
  assert.deepEqual(await said(), ['page', 'page 2', 'hint'])
  add('batch 2', 'sheddable')
  assert.equal(slots.length, 1)
})
