// Of two tries the first answer wins, the other is given up without blame, and what is no answer wins nothing.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Attempt } from '#router/facts.ts'
import { answeredAs } from '#test/support/fake-body.ts'
import { settle } from '#test/support/manual-time.ts'
import { firstToAnswer, type Run } from './hedge.ts'

interface Played {
  readonly run: Run
  readonly settle: (attempt: Attempt) => void
}

function ground(t: TestContext, { delayMs }: { readonly delayMs?: number } = { delayMs: 50 }) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const log: string[] = []
  const played = (name: string): Played => {
    const attempt = Promise.withResolvers<Attempt>()
    const unused = (): never => assert.fail('nobody asks for it')
    return {
      settle: attempt.resolve,
      run: {
        target: { endpoint: name, isBound: false, typicalMs: unused, send: unused, forgo: unused },
        dispatched: {
          attempt: attempt.promise,
          upstreamIdJson: '1',
          abandon: () => {
            log.push(`abandon ${name}`)
            attempt.resolve({ kind: 'abandoned' })
          },
          expire: unused,
          ended: ({ ended }) => void log.push(`${ended ?? ''} ${name}`),
          relearn: unused,
        },
      },
    }
  }
  const [first, second] = [played('first'), played('second')]
  let hasSecond = true
  const running = firstToAnswer(first.run, delayMs, () => {
    log.push('second begun')
    return hasSecond ? second.run : undefined
  })
  return {
    first,
    second,
    log,
    without: () => (hasSecond = false),
    wait: async (ms: number) => {
      t.mock.timers.tick(ms)
      await settle()
    },
    won: async () => (await running).target.endpoint,
  }
}

const OK = answeredAs(200)
const RESET: Attempt = { kind: 'no_answer', detail: 'ECONNRESET' }

test('an answer in time leaves no second try', async t => {
  const { first, log, wait, won } = ground(t)
  await wait(49)
  first.settle(OK)
  assert.equal(await won(), 'first')
  await wait(100)
  assert.deepEqual(log, [])
})

test('without a delay there is no second try, however long the first takes', async t => {
  const { first, log, wait, won } = ground(t, {})
  await wait(100_000)
  first.settle(RESET)
  assert.equal(await won(), 'first')
  assert.deepEqual(log, [])
})

test('whichever answers first wins, and the other is given up without blame', async t => {
  for (const winner of ['first', 'second'] as const) {
    const played = ground(t)
    await played.wait(50)
    played[winner].settle(OK)
    assert.equal(await played.won(), winner)
    const loser = winner === 'first' ? 'second' : 'first'
    assert.deepEqual(played.log, ['second begun', `abandon ${loser}`, `left ${loser}`])
    t.mock.timers.reset()
  }
})

test('what is no answer of the tool’s own wins nothing: the other is waited for', async t => {
  for (const bad of [RESET, answeredAs(503), answeredAs(429), answeredAs(500)]) {
    const { first, second, wait, won, log } = ground(t)
    await wait(50)
    second.settle(bad)
    await settle()
    first.settle(OK)
    assert.equal(await won(), 'first')
    assert.deepEqual(log, ['second begun', 'abandon second', 'left second'])
    t.mock.timers.reset()
  }
})

test('where neither answers, the one that may have run is told: nobody hears that nothing was done', async t => {
  const unsent: Attempt = { kind: 'not_sent', detail: 'ECONNREFUSED', isNobodyThere: true }
  for (const may of [RESET, answeredAs(500)])
    for (const [ran, order] of [
      ['first', ['first', 'second']],
      ['first', ['second', 'first']],
      ['second', ['first', 'second']],
      ['second', ['second', 'first']],
    ] as const) {
      const played = ground(t)
      await played.wait(50)
      for (const name of order) {
        played[name].settle(name === ran ? may : unsent)
        await settle()
      }
      assert.equal(await played.won(), ran, `${may.kind}, ${order.join()}`)
      const other = ran === 'first' ? 'second' : 'first'
      assert.deepEqual(played.log, ['second begun', `abandon ${other}`, `left ${other}`])
      t.mock.timers.reset()
    }
})

test('a first try that has no second beside it is waited for', async t => {
  const { first, without, wait, won } = ground(t)
  without()
  await wait(50)
  first.settle(OK)
  assert.equal(await won(), 'first')
})
