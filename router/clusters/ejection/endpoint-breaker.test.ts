// When an endpoint is taken out, for how long, what brings it back, and which calls have no say in it.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { EjectionPolicy } from '#routes/route-table.ts'
import { EndpointBreaker, type Verdict } from './endpoint-breaker.ts'

const POLICY: EjectionPolicy = {
  consecutiveFaults: 5,
  minSuccessRate: 0.8,
  windowMs: 10_000,
  baseMs: 1_000,
  maxMs: 60_000,
  maxEjected: 0.5,
}
const PROBE_MS = 5_000

interface Ground {
  readonly breaker: EndpointBreaker
  readonly news: string[]
  readonly may: { eject: boolean }
  readonly call: (...verdicts: readonly Verdict[]) => void
  readonly pass: (ms: number) => void
  readonly turn: () => Promise<void>
  readonly nowMs: () => number
}

/** Chance is 0 unless a test says otherwise: every ejection lasts its whole time. */
function ground(t: TestContext, policy: Partial<EjectionPolicy> = {}): Ground {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let now = 0
  const nowMs = (): number => now
  const news: string[] = []
  const may = { eject: true }
  const breaker = new EndpointBreaker(
    { ...POLICY, ...policy },
    {
      clock: { nowMs, wallMs: () => 0 },
      random: () => 0,
      mayEject: () => may.eject,
      onEjected: (why, forMs) => void news.push(`${why} ${forMs}`),
      onHalfOpen: isAnew => void news.push(isAnew ? 'half-open anew' : 'half-open'),
      onRestored: () => void news.push('restored'),
    },
    PROBE_MS,
  )
  t.after(() => breaker.close())
  return {
    breaker,
    news,
    may,
    nowMs,
    call: (...verdicts) => {
      for (const verdict of verdicts) breaker.settle(breaker.begin(), verdict, now)
    },
    pass: ms => {
      now += ms
      t.mock.timers.tick(ms)
    },
    turn: async () => {
      for (let turn = 0; turn < 8; turn += 1) await Promise.resolve()
    },
  }
}

const times = (count: number, verdict: Verdict): readonly Verdict[] =>
  Array.from({ length: count }, () => verdict)

test('so many faults in a row open it, and one fewer do not', t => {
  for (const count of [4, 5, 6]) {
    const { breaker, news, call } = ground(t, { minSuccessRate: 0 })
    call(...times(20, 'good'), ...times(count, 'fault'))
    assert.equal(breaker.state, count < 5 ? 'closed' : 'open')
    assert.deepEqual(news, count < 5 ? [] : ['consecutive_faults 1000'])
    t.mock.timers.reset()
  }
})

test('a good answer ends the row; that it was too busy neither ends nor lengthens it', t => {
  const { breaker, call } = ground(t, { minSuccessRate: 0 })
  call(...times(4, 'fault'), 'good', ...times(4, 'fault'), ...times(50, 'busy'))
  assert.equal(breaker.state, 'closed')
  call('fault')
  assert.equal(breaker.state, 'open')
})

test('a rate under the least opens it, from the fifth answer on', t => {
  const { breaker, news, call } = ground(t)
  call('good', 'fault', 'good', 'busy')
  assert.equal(breaker.state, 'closed')
  call('busy')
  assert.deepEqual(news, ['success_rate 1000'])
})

test('a rate at the least is good enough, and what is older than the window does not count', t => {
  const { breaker, call, pass } = ground(t)
  call(...times(8, 'good'), 'fault', 'fault')
  assert.equal(breaker.state, 'closed')
  pass(10_000)
  call(...times(12, 'good'), 'fault', 'busy', 'fault')
  assert.equal(breaker.state, 'closed')
  call('fault')
  assert.equal(breaker.state, 'open')
})

test('calls that say nothing of it are not counted', t => {
  const { breaker, call } = ground(t)
  call(...times(1_000, 'none'), ...times(4, 'fault'), ...times(1_000, 'none'))
  assert.equal(breaker.state, 'closed')
  assert.equal(breaker.view(0).wouldBeEjected, false)
})

test('under a thousand callers at once exactly one is the probe', async t => {
  const { breaker, call, pass, turn } = ground(t)
  call(...times(5, 'fault'))
  pass(1_000)
  assert.equal(breaker.state, 'half_open')
  const tickets = Array.from({ length: 1_000 }, () => breaker.begin())
  assert.equal(tickets.filter(ticket => ticket >= 0).length, 1)
  for (const ticket of tickets.slice(1)) breaker.settle(ticket, 'fault', 0)
  assert.equal(breaker.state, 'half_open')
  breaker.settle(tickets[0] ?? -1, 'good', 0)
  await turn()
  assert.equal(breaker.state, 'closed')
})

test('a promised probe is promised to nobody else, and given back when it is forgone', t => {
  const { breaker, news, call, pass } = ground(t)
  call(...times(5, 'fault'))
  pass(1_000)
  assert.equal(breaker.mayProbe, true)
  breaker.reserve()
  assert.equal(breaker.mayProbe, false)
  breaker.forgo()
  pass(1)
  assert.equal(breaker.mayProbe, true)
  assert.deepEqual(news.slice(1), ['half-open', 'half-open anew'])
})

test('a probe that is under way is not forgone by whoever was chosen beside it', t => {
  const { breaker, call, pass } = ground(t)
  call(...times(5, 'fault'))
  pass(1_000)
  breaker.begin()
  breaker.forgo()
  pass(1)
  assert.equal(breaker.mayProbe, false)
})

test('a failed probe opens it for twice as long each time, up to the longest', async t => {
  const { breaker, news, call, pass, turn } = ground(t, { maxMs: 5_000 })
  call(...times(5, 'fault'))
  for (const ms of [1_000, 2_000, 4_000, 5_000]) {
    pass(ms - 1)
    assert.equal(breaker.state, 'open')
    pass(1)
    assert.equal(breaker.state, 'half_open')
    call(ms === 2_000 ? 'busy' : 'fault')
    await turn()
  }
  assert.deepEqual(
    news.filter(line => line !== 'half-open'),
    ['consecutive_faults 1000', ...[2_000, 4_000, 5_000, 5_000].map(ms => `probe_failed ${ms}`)],
  )
})

test('ejections begin short again after it was well for a window and as long as it was out', async t => {
  const { news, call, pass, turn } = ground(t, { baseMs: 20_000 })
  const ejectAndRestore = async (ms: number): Promise<void> => {
    call(...times(5, 'fault'))
    pass(ms)
    call('good')
    await turn()
  }
  await ejectAndRestore(20_000)
  pass(19_999)
  await ejectAndRestore(40_000)
  pass(40_000)
  await ejectAndRestore(20_000)
  assert.deepEqual(
    news.filter(line => line.startsWith('consecutive')),
    [20_000, 40_000, 20_000].map(ms => `consecutive_faults ${ms}`),
  )
})

test('what began before a change of state counts neither for nor against it', async t => {
  const { breaker, call, pass, turn, nowMs } = ground(t)
  const early = Array.from({ length: 20 }, () => breaker.begin())
  call(...times(5, 'fault'))
  const meanwhile = breaker.begin()
  pass(1_000)
  const probe = breaker.begin()
  for (const verdict of ['good', 'fault'] as const)
    for (const ticket of [...early.splice(0, 5), meanwhile])
      breaker.settle(ticket, verdict, nowMs())
  await turn()
  assert.equal(breaker.state, 'half_open')
  breaker.settle(probe, 'good', nowMs())
  await turn()
  assert.equal(breaker.state, 'closed')
  for (const ticket of [...early, meanwhile, probe, probe]) breaker.settle(ticket, 'fault', nowMs())
  assert.equal(breaker.state, 'closed')
})

test('counts begin at nothing after it closed', async t => {
  const { breaker, call, pass, turn } = ground(t)
  call(...times(6, 'good'), 'fault', 'busy')
  assert.equal(breaker.state, 'open')
  pass(1_000)
  call('good')
  await turn()
  call(...times(4, 'fault'))
  assert.equal(breaker.state, 'closed')
})

test('a probe whose caller left says nothing: the next call is the probe', async t => {
  const { breaker, news, call, pass, turn } = ground(t)
  call(...times(5, 'fault'))
  pass(1_000)
  call('none')
  await turn()
  assert.notEqual(breaker.state, 'closed')
  pass(1)
  call('good')
  await turn()
  assert.deepEqual(news, ['consecutive_faults 1000', 'half-open', 'half-open anew', 'restored'])
})

test('a probe that never settles makes way for another; one that streams on is good', async t => {
  const { breaker, call, pass, turn, nowMs } = ground(t)
  call(...times(5, 'fault'))
  pass(1_000)
  const lost = breaker.begin()
  pass(PROBE_MS)
  pass(1)
  assert.equal(breaker.mayProbe, true)
  const streaming = breaker.begin()
  breaker.heard(streaming)
  breaker.settle(lost, 'fault', nowMs())
  pass(PROBE_MS)
  await turn()
  assert.equal(breaker.state, 'closed')
})

test('while too many are out it stays, and says that it would be out', t => {
  const { breaker, may, call } = ground(t)
  may.eject = false
  call(...times(50, 'fault'))
  assert.equal(breaker.state, 'closed')
  assert.equal(breaker.view(0).wouldBeEjected, true)
  may.eject = true
  call('fault')
  assert.equal(breaker.state, 'open')
})

test('by hand it is held open, held closed, or as new', t => {
  const { breaker, may, news, call, pass, nowMs } = ground(t)
  may.eject = false
  breaker.forceOpen()
  pass(3_600_000)
  assert.deepEqual(breaker.view(nowMs()), {
    state: 'open',
    isForced: true,
    wouldBeEjected: false,
    sinceMs: 0,
    why: 'forced',
  })
  breaker.reset()
  assert.equal(breaker.view(nowMs()).isForced, false)
  may.eject = true
  breaker.forceClose()
  call(...times(50, 'fault'))
  assert.equal(breaker.state, 'closed')
  assert.equal(breaker.view(nowMs()).isForced, true)
  breaker.reset()
  call(...times(5, 'fault'))
  assert.equal(breaker.state, 'open')
  assert.deepEqual(news.slice(1), ['restored', 'consecutive_faults 1000'])
})

test('it shows since when, until when and why it is out', t => {
  const { breaker, call, pass, nowMs } = ground(t)
  pass(500)
  call(...times(5, 'fault'))
  const out = { isForced: false, wouldBeEjected: false, sinceMs: 500, why: 'consecutive_faults' }
  assert.deepEqual(breaker.view(nowMs()), { ...out, state: 'open', untilMs: 1_500 })
  pass(1_000)
  assert.deepEqual(breaker.view(nowMs()), { ...out, state: 'half_open' })
})
