// Calls at a steady rate, and a replica that says no to each at once: to be quick in that must not draw calls.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Random, seededRandom } from '#foundation/clock.ts'
import type { AfterHead } from '#router/facts.ts'
import { clusterPolicy, instanceAt } from '#test/support/cluster-policy.ts'
import { answeredAs } from '#test/support/fake-body.ts'
import { MODERN, playedClusters } from '#test/support/open-cluster.ts'
import { Account } from './account.ts'

const SEED = 7
const CALLS = 6_000
const WORK_MS = 20
const REFUSAL_MS = 1
const RESULT: AfterHead = { ended: 'whole' }
const REFUSALS: readonly AfterHead[] = [
  { ended: 'whole', rpcCode: -32_602 },
  { ended: 'whole', rpcCode: -32_000 },
]

interface Due {
  readonly atMs: number
  readonly run: () => void
}

/** What comes next, taken out; undefined when nothing comes before `ms`. */
function nextDue(dues: Due[], ms: number): Due | undefined {
  let next: Due | undefined
  for (const due of dues) if (due.atMs <= (next?.atMs ?? ms)) next = due
  if (next !== undefined) dues.splice(dues.indexOf(next), 1)
  return next
}

/** Shares of the calls that three replicas get; `isRefused` says which calls they say no to, and with what comes `refusal`. */
function shares(
  perSecond: number,
  refusal: AfterHead,
  isRefused: (port: number, random: Random) => boolean,
): readonly number[] {
  let nowMs = 0
  const clock = { nowMs: () => nowMs, wallMs: () => 0 }
  const random = seededRandom(SEED)
  const played = playedClusters({ nowMs: clock.nowMs, random })
  const connections = { perEndpoint: 64, minPerEndpoint: 4, streams: 64, queue: 1, waitMs: 1 }
  const cluster = played.open(clusterPolicy('crm', { connections }))
  cluster.start()
  const instances = [1, 2, 3].map(port => instanceAt(port))
  played.source('crm').publish(...instances)
  for (const endpoint of cluster.endpoints) {
    endpoint.becomeUp(-60_000)
    endpoint.learned = MODERN
  }
  played.source('crm').publish(...instances.map(instance => ({ ...instance })))
  const counts = [0, 0, 0]
  const dues: Due[] = []
  for (let call = 0; call < CALLS; call += 1) {
    const atMs = (call * 1_000) / perSecond
    for (let due = nextDue(dues, atMs); due !== undefined; due = nextDue(dues, atMs)) {
      nowMs = due.atMs
      due.run()
    }
    nowMs = atMs
    const choice = cluster.choose('modern')
    assert.ok(choice.kind === 'endpoint')
    const { port } = choice.endpoint.instance
    counts[port - 1] = (counts[port - 1] ?? 0) + 1
    const no = isRefused(port, random)
    const firstByteMs = no ? REFUSAL_MS : WORK_MS * -Math.log(1 - random())
    const account = new Account(cluster, choice.endpoint, clock)
    const run = (): void => {
      account.began({ ...answeredAs(200), firstByteMs })
      account.ended(no ? refusal : RESULT)
      account.close()
    }
    dues.push({ atMs: nowMs + firstByteMs, run })
  }
  void cluster.close()
  return counts.map(count => count / CALLS)
}

for (const refusal of REFUSALS)
  for (const perSecond of [3, 30, 300])
    test(`who says ${JSON.stringify(refusal)} to all in a millisecond gets no more than its part of ${perSecond} calls/s`, t => {
      const [part = 1] = shares(perSecond, refusal, port => port === 1)
      t.diagnostic(`${part} of the calls`)
      assert.ok(part < 0.36, `${part} (seed ${SEED})`)
    })

test('where all say no to some, each keeps its part', () => {
  for (const share of [0.01, 0.1, 0.5])
    for (const perSecond of [30, 300]) {
      const parts = shares(
        perSecond,
        { ended: 'whole', rpcCode: -32_000 },
        (_, random) => random() < share,
      )
      for (const part of parts)
        assert.ok(Math.abs(part - 1 / 3) < 0.06, `${parts.join()} (seed ${SEED})`)
    }
})
