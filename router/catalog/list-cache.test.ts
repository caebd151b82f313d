// One question for many callers, and one answer for as long as it holds.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RefusalCode } from '#foundation/refusals.ts'
import type { PageAnswer } from '#router/stages/gather.ts'
import { settle } from '#test/support/manual-time.ts'
import { ListCache } from './list-cache.ts'

const POLICY = { minTtlMs: 1_000, maxTtlMs: 10_000, mayBePublic: false }

interface Scene {
  /** Asks, and says what came: the name of the answer and how long it holds, or why there is none. */
  readonly ask: (wanted?: { readonly key?: string; readonly epoch?: string }) => Promise<string>
  /** Answers the oldest question that waits. */
  readonly answer: (own: string, ttlMs?: number) => void
  readonly refuse: (code: RefusalCode) => void
  readonly asked: () => number
  readonly pass: (ms: number) => void
}

function scene(random = 0): Scene {
  let nowMs = 0
  let asked = 0
  const waiting: ((answer: PageAnswer) => void)[] = []
  const cache = new ListCache({ nowMs: () => nowMs, random: () => random })
  const next = (): ((answer: PageAnswer) => void) => waiting.shift() ?? assert.fail('nobody asks')
  return {
    ask: async ({ key = 'k', epoch = 'e' } = {}) => {
      const fetch = (): Promise<PageAnswer> => {
        asked += 1
        return new Promise(resolve => waiting.push(resolve))
      }
      const given = await cache.page({ key, epoch, policy: POLICY, fetch })
      return given.kind === 'refuse'
        ? given.refusal.code
        : `${given.page.items[0]?.own ?? '-'} ${given.leftMs}`
    },
    answer: (own, ttlMs = 0) => {
      const items = [{ own, definition: Buffer.from(own) }]
      next()({ kind: 'page', page: { items, ttlMs, isPublic: false }, leftMs: 0 })
    },
    refuse: code => next()({ kind: 'refuse', refusal: { code } }),
    asked: () => asked,
    pass: ms => {
      nowMs += ms
    },
  }
}

test('many callers are one question, and the answer holds for the next', async () => {
  const { ask, answer, asked, pass } = scene()
  const all = Promise.all([ask(), ask(), ask()])
  answer('a', 5_000)
  assert.deepEqual(await all, ['a 5000', 'a 5000', 'a 5000'])
  pass(4_000)
  assert.equal(await ask(), 'a 1000')
  assert.equal(asked(), 1)
})

test('a time is as long as the server says, between the bounds of policy', async () => {
  for (const [told, expected] of [
    [0, 1_000],
    [1_000_000, 10_000],
    [3_000, 3_000],
  ] as const) {
    const { ask, answer } = scene()
    const first = ask()
    answer('a', told)
    assert.equal(await first, `a ${expected}`)
  }
})

test('what has just ceased to hold is served while it is asked for anew, once', async () => {
  const { ask, answer, asked, pass } = scene()
  const first = ask()
  answer('a')
  await first
  pass(1_001)
  assert.equal(await ask(), 'a 0')
  assert.equal(await ask(), 'a 0')
  assert.equal(asked(), 2)
  answer('b')
  await settle()
  assert.equal(await ask(), 'b 1000')
})

test('routers do not all ask anew at one moment', async () => {
  for (const [random, expected] of [
    [0, 1],
    [0.999, 2],
  ] as const) {
    const { ask, answer, asked, pass } = scene(random)
    const first = ask()
    answer('a')
    await first
    pass(950)
    assert.equal(await ask(), 'a 50')
    assert.equal(asked(), expected)
  }
})

test('what is older is asked for before anybody is told, and served only where nobody answers', async () => {
  const { ask, answer, refuse, pass } = scene()
  const first = ask()
  answer('a')
  await first
  pass(2_000)
  const silent = ask()
  refuse('RINGMAIN_NO_HEALTHY_REPLICA')
  assert.equal(await silent, 'a 0')
  const odd = ask()
  refuse('RINGMAIN_INVALID_PARAMS')
  assert.equal(await odd, 'RINGMAIN_INVALID_PARAMS')
  pass(3_600_000)
  const old = ask()
  refuse('RINGMAIN_NO_HEALTHY_REPLICA')
  assert.equal(await old, 'RINGMAIN_NO_HEALTHY_REPLICA')
})

test('other replicas or other tools are another list, and so is every other question', async () => {
  const { ask, answer, asked } = scene()
  const first = ask()
  answer('a', 5_000)
  await first
  const other = ask({ key: 'other' })
  answer('b', 5_000)
  assert.equal(await other, 'b 5000')
  const newer = ask({ epoch: 'f' })
  answer('c', 5_000)
  assert.equal(await newer, 'c 5000')
  assert.equal(await ask({ epoch: 'f' }), 'c 5000')
  assert.equal(asked(), 3)
})

test('a question that found nothing is asked again', async () => {
  const { ask, answer, refuse } = scene()
  const first = ask()
  refuse('RINGMAIN_NO_HEALTHY_REPLICA')
  assert.equal(await first, 'RINGMAIN_NO_HEALTHY_REPLICA')
  const second = ask()
  answer('a')
  assert.equal(await second, 'a 1000')
})
