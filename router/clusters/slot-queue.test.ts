// Calls that wait for a slot: first come first served, bounded in number and in time, and no wake-up is wasted.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SlotQueue } from './slot-queue.ts'

const LIMITS = { queue: 3, waitMs: 100 }
const always = (): boolean => true

/** Names of those who were woken, in order. */
function waiters(queue: SlotQueue): {
  readonly log: string[]
  readonly add: (name: string, mayGo?: () => boolean) => Promise<void>
} {
  const log: string[] = []
  return {
    log,
    add: async (name, mayGo = always) => {
      log.push(`${name} ${(await queue.wait(LIMITS, mayGo)) ? 'goes' : 'gives up'}`)
    },
  }
}

test('those who wait longest go first, one for each slot', async () => {
  const queue = new SlotQueue()
  const { log, add } = waiters(queue)
  const first = add('first')
  const second = add('second')
  queue.free()
  await first
  assert.deepEqual(log, ['first goes'])
  assert.equal(queue.length, 1)
  queue.free()
  await second
  assert.deepEqual(log, ['first goes', 'second goes'])
})

test('a slot freed while nobody waits is not kept for later', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const queue = new SlotQueue()
  queue.free()
  const { log, add } = waiters(queue)
  const late = add('late')
  t.mock.timers.tick(100)
  await late
  assert.deepEqual(log, ['late gives up'])
})

test('one more than the queue holds is turned away at once', async () => {
  const queue = new SlotQueue()
  const { log, add } = waiters(queue)
  for (const name of ['a', 'b', 'c']) void add(name)
  await add('d')
  assert.deepEqual(log, ['d gives up'])
  assert.equal(queue.length, 3)
  queue.close()
})

test('a queue of none holds nobody', async () => {
  assert.equal(await new SlotQueue().wait({ queue: 0, waitMs: 100 }, always), false)
})

test('whoever waits too long gives up, and leaves the others their places', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const queue = new SlotQueue()
  const { log, add } = waiters(queue)
  const first = add('first')
  t.mock.timers.tick(60)
  const second = add('second')
  t.mock.timers.tick(40)
  await first
  assert.equal(queue.length, 1)
  queue.free()
  await second
  assert.deepEqual(log, ['first gives up', 'second goes'])
  t.mock.timers.tick(1_000)
  assert.equal(log.length, 2)
})

test('a slot that the first of the line cannot use wakes the next who can, and the first keeps its place', async () => {
  const queue = new SlotQueue()
  const { log, add } = waiters(queue)
  let isBoundFree = false
  const bound = add('bound', () => isBoundFree)
  const next = add('next')
  queue.free()
  await next
  assert.deepEqual(log, ['next goes'])
  isBoundFree = true
  const later = add('later')
  queue.free()
  await bound
  assert.deepEqual(log, ['next goes', 'bound goes'])
  queue.close()
  await later
})

test('a replica that comes into service wakes everyone who can go, in their order', async () => {
  const queue = new SlotQueue()
  const { log, add } = waiters(queue)
  const going = [add('a'), add('b')]
  const staying = add('c', () => false)
  queue.freeAll()
  await Promise.all(going)
  assert.deepEqual(log, ['a goes', 'b goes'])
  queue.close()
  await staying
})

test('when the cluster goes nobody waits on', async () => {
  const queue = new SlotQueue()
  const { log, add } = waiters(queue)
  const both = [add('a'), add('b')]
  queue.close()
  await Promise.all(both)
  assert.deepEqual(log, ['a gives up', 'b gives up'])
  assert.equal(queue.length, 0)
})
