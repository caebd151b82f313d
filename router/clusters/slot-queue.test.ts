// Calls that wait for a slot: first come first served, bounded in number and in time, and no wake-up is wasted.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SlotQueue } from './slot-queue.ts'

const LIMITS = { queue: 3, waitMs: 100 }
const always = (): boolean => true

/** Names of those who were served, in order, out of as many slots as are given. */
function waiters(queue: SlotQueue): {
  readonly log: string[]
  readonly add: (name: string, mayGo?: () => boolean) => Promise<void>
  readonly give: (slots: number) => void
} {
  const log: string[] = []
  let free = 0
  return {
    log,
    add: async (name, mayGo = always) => {
      const take = (): true | undefined => {
        if (free === 0 || !mayGo()) return undefined
        free -= 1
        return true
      }
      log.push(`${name} ${(await queue.wait(LIMITS, take)) === true ? 'goes' : 'gives up'}`)
    },
    give: slots => {
      free += slots
      queue.free()
    },
  }
}

test('those who wait longest go first, one for each slot', async () => {
  const queue = new SlotQueue()
  const { log, add, give } = waiters(queue)
  const first = add('first')
  const second = add('second')
  give(1)
  await first
  assert.deepEqual(log, ['first goes'])
  assert.equal(queue.length, 1)
  give(1)
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
  assert.equal(await new SlotQueue().wait({ queue: 0, waitMs: 100 }, () => true), undefined)
})

test('whoever waits too long gives up, and leaves the others their places', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const queue = new SlotQueue()
  const { log, add, give } = waiters(queue)
  const first = add('first')
  t.mock.timers.tick(60)
  const second = add('second')
  t.mock.timers.tick(40)
  await first
  assert.equal(queue.length, 1)
  give(1)
  await second
  assert.deepEqual(log, ['first gives up', 'second goes'])
  t.mock.timers.tick(1_000)
  assert.equal(log.length, 2)
})

test('who has less time than the queue gives gives up when it is over', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const queue = new SlotQueue(() => 1_000)
  const waiting = queue.wait(LIMITS, () => undefined, { untilMs: 1_030 })
  t.mock.timers.tick(29)
  assert.equal(queue.length, 1)
  t.mock.timers.tick(1)
  assert.equal(await waiting, undefined)
  assert.equal(queue.length, 0)
})

test('a slot that the first of the line cannot use wakes the next who can, and the first keeps its place', async () => {
  const queue = new SlotQueue()
  const { log, add, give } = waiters(queue)
  let isBoundFree = false
  const bound = add('bound', () => isBoundFree)
  const next = add('next')
  give(1)
  await next
  assert.deepEqual(log, ['next goes'])
  isBoundFree = true
  const later = add('later')
  give(1)
  await bound
  assert.deepEqual(log, ['next goes', 'bound goes'])
  queue.close()
  await later
})

test('a replica that comes into service wakes everyone who can go, in their order', async () => {
  const queue = new SlotQueue()
  const { log, add, give } = waiters(queue)
  const going = [add('a'), add('b')]
  const staying = add('c', () => false)
  give(3)
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

test('a slot goes to one only, though many are asked before the first of them runs', async () => {
  const queue = new SlotQueue()
  const { log, add, give } = waiters(queue)
  const served = add('a')
  const others = [add('b'), add('c')]
  give(1)
  queue.free()
  queue.free()
  await served
  assert.deepEqual(log, ['a goes'])
  queue.close()
  await Promise.all(others)
})

test('whoever leaves gives up its place at once', async () => {
  const queue = new SlotQueue()
  let leave: (() => void) | undefined
  const waiting = queue.wait(LIMITS, () => true, {
    onWaiting: away => {
      leave = away
    },
  })
  assert.equal(queue.length, 1)
  leave?.()
  assert.equal(await waiting, undefined)
  assert.equal(queue.length, 0)
})
