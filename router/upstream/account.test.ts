// What of a call is told to the breaker of its replica, and when: once, by its head or by its end.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cluster } from '#router/clusters/cluster.ts'
import { Endpoint } from '#router/clusters/endpoint.ts'
import { PeakAverage } from '#router/clusters/peak-average.ts'
import type { AfterHead, Attempt } from '#router/facts.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { answeredAs } from '#test/support/fake-body.ts'
import { Account } from './account.ts'

interface Ground {
  readonly account: Account
  readonly endpoint: Endpoint
  readonly told: string[]
}

function ground(nowMs = () => 0): Ground {
  const endpoint = new Endpoint(instanceAt(1))
  const told: string[] = []
  const cluster = {
    policy: { connections: { perEndpoint: 64, minPerEndpoint: 4 } },
    slots: { free: () => undefined },
    results: new PeakAverage(),
    suspect: () => told.push('suspect'),
    refused: () => told.push('refused'),
    leaving: () => told.push('leaving'),
    ejections: {
      begin: () => 7,
      heard: (_endpoint: Endpoint, ticket: number) => told.push(`heard ${ticket}`),
      settle: (_endpoint: Endpoint, ticket: number, verdict: string) =>
        told.push(`${verdict} ${ticket}`),
    },
  } as unknown as Cluster
  return {
    account: new Account(cluster, endpoint, { nowMs }),
    endpoint,
    told,
  }
}

const told = (head: Attempt, after: AfterHead = {}): readonly string[] => {
  const scene = ground()
  scene.account.began(head)
  scene.account.ended(after)
  return scene.told
}

test('an answer is judged at its end', () => {
  const heard = 'heard 7'
  for (const [status, after, says] of [
    [200, { ended: 'whole' }, ['good 7']],
    [200, { ended: 'whole', rpcCode: -32_602 }, ['good 7']],
    [200, { ended: 'whole', rpcCode: -32_603 }, ['fault 7', 'suspect']],
    [200, { ended: 'cut' }, ['fault 7', 'suspect']],
    [200, { ended: 'unreadable' }, ['fault 7', 'suspect']],
    [200, { ended: 'left' }, ['none 7']],
    [400, { rpcCode: -32_601 }, ['good 7']],
    [400, { rpcCode: -32_603 }, ['fault 7', 'suspect']],
    [401, {}, ['good 7']],
  ] as const)
    assert.deepEqual(told(answeredAs(status), after), [heard, ...says], `${status}`)
})

test('what its head shows stands, whatever comes after', () => {
  for (const after of [{ ended: 'whole' }, { ended: 'left' }, { ended: 'cut' }] as const) {
    assert.deepEqual(told(answeredAs(503), after), ['fault 7'])
    assert.deepEqual(told(answeredAs(429), after), ['busy 7'])
    assert.deepEqual(told(answeredAs(503, { 'x-ringmain-not-executed': '1' }), after), ['busy 7'])
  }
})

test('what got no answer is a fault with a question after its health, unless it was the caller or this side', () => {
  const detail = ''
  for (const [head, says] of [
    [{ kind: 'no_answer', detail }, ['fault 7', 'suspect']],
    [{ kind: 'timeout', detail }, ['fault 7', 'suspect']],
    [{ kind: 'not_sent', detail, isNobodyThere: true }, ['fault 7', 'refused']],
    [{ kind: 'not_sent', detail, isNobodyThere: false, isOurs: true }, ['none 7']],
    [{ kind: 'no_answer', detail, isOurs: true }, ['none 7']],
    [{ kind: 'abandoned' }, ['none 7']],
  ] as const)
    assert.deepEqual(told(head), says, head.kind)
})

test('an end is told once, and a late fault is in the account of the replica', () => {
  const { account, endpoint, told } = ground()
  account.ended({ ended: 'cut' })
  assert.deepEqual(told, [], 'nothing has begun')
  account.began(answeredAs(200))
  account.ended({ ended: 'cut' })
  account.ended({ ended: 'whole' })
  assert.deepEqual(told, ['heard 7', 'fault 7', 'suspect'])
  assert.equal(endpoint.faults, 1)
})

test('a 503 that closes its connection says that the replica leaves; no other answer does', () => {
  for (const [status, connection, isTold] of [
    [503, 'close', true],
    [503, 'Keep-Alive, Close', true],
    [503, 'keep-alive', false],
    [503, 'closed', false],
    [503, undefined, false],
    [200, 'close', false],
    [429, 'close', false],
  ] as const) {
    const says = told(answeredAs(status, connection === undefined ? {} : { connection }))
    assert.equal(says.includes('leaving'), isTold, `${status} ${connection ?? ''}`)
  }
})

test('who waits shortly and in vain does not make a replica look fast, and who waits for long makes it look slow', () => {
  for (const head of [
    { kind: 'timeout', detail: 'late', isCallers: true },
    { kind: 'abandoned' },
  ] as const)
    for (const [waitedMs, leastMs] of [
      [20, 495],
      [2_000, 2_000],
    ] as const) {
      let nowMs = 0
      const { account, endpoint } = ground(() => nowMs)
      endpoint.observe(500, 0)
      nowMs = waitedMs
      account.began(head)
      assert.ok(endpoint.ewmaMs(nowMs) >= leastMs, `${head.kind} ${endpoint.ewmaMs(nowMs)}`)
    }
})
