// One try at one replica: what goes up, what is held for it, and what happens when its caller leaves or cancels.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { attemptPorts } from '#test/support/attempt-ports.ts'
import { type CallFacts, callAs, messageAs } from '#test/support/call-facts.ts'
import { clusterPolicy, tableOf } from '#test/support/cluster-policy.ts'
import { type FakeSend, fakeSend } from '#test/support/fake-send.ts'
import { freeTurn } from '#test/support/free-retries.ts'
import { settle } from '#test/support/manual-time.ts'
import { MODERN, playedClusters, serveAt } from '#test/support/open-cluster.ts'
import { messageFrom } from '#test/support/read-message.ts'
import { ActiveTable } from './active-table.ts'
import type { Learned } from './clusters/endpoint.ts'
import type { Session } from './facts.ts'
import { openAttempts } from './open-attempts.ts'
import type { Target } from './stages/forward.ts'

const STATELESS: Learned = { ...MODERN, eras: ['legacy'], legacyVersion: '2025-06-18' }
const SESSIONFUL: Learned = { ...STATELESS, isSessionful: true }
const A = '127.0.0.1:1'
const SESSION: Session = {
  token: 't',
  serverName: 'default',
  version: '2025-11-25',
  members: [{ cluster: 'crm', endpoint: A, id: 'up-1', version: '2025-11-25' }],
}

interface Ground {
  readonly requests: FakeSend
  readonly active: ActiveTable
  readonly choose: (call: CallFacts) => Promise<Target>
}

function ground(t: TestContext, learned: Learned = MODERN): Ground {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', clusterPolicy('crm')), clusters.open)
  serveAt(active, clusters, { cluster: 'crm', ports: [1], learned })
  const requests = fakeSend()
  const path = openAttempts(attemptPorts(active, requests), () => () => undefined).attempts
  return {
    requests,
    active,
    choose: async call => {
      const choice = await path.choose(call, { tried: new Set(), turn: freeTurn() })
      assert.ok(choice.kind === 'target', JSON.stringify(choice))
      return choice.target
    },
  }
}

function call(id: string, differences: Partial<CallFacts> = {}): CallFacts {
  const body = `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"crm__find"}}`
  const read = messageFrom(body)
  assert.ok(read.kind === 'ok')
  return callAs({ message: read.value, ...differences })
}

const legacy = (id: string, differences: Partial<CallFacts> = {}): CallFacts =>
  call(id, { era: 'legacy', version: '2025-11-25', ...differences })

test('a modern call goes up under the caller’s id and the tool’s own name', async t => {
  const { choose, requests } = ground(t)
  const target = await choose(call('"x"'))
  assert.deepEqual([target.endpoint, target.isBound], [A, false])
  const { upstreamIdJson } = target.send(false)
  const { outgoing, message, header } = requests.last()
  assert.equal(upstreamIdJson, '"x"')
  assert.deepEqual(message, {
    jsonrpc: '2.0',
    id: 'x',
    method: 'tools/call',
    params: { name: 'find' },
  })
  assert.deepEqual([outgoing.method, outgoing.path], ['POST', '/mcp'])
  assert.deepEqual([outgoing.firstByteMs, outgoing.idleMs], [1_000, 1_000])
  assert.equal(header('mcp-name'), 'find')
})

test('a modern caller who leaves ends the exchange, and that is all a modern server needs', async t => {
  const { choose, requests } = ground(t)
  const { abandon, attempt } = (await choose(call('1'))).send(false)
  abandon()
  assert.deepEqual(await attempt, { kind: 'abandoned' })
  assert.deepEqual(requests.methods(), ['tools/call'])
})

test('a legacy call goes up under an id of the router’s own, in the session it belongs to', async t => {
  const { choose, requests } = ground(t, SESSIONFUL)
  const target = await choose(legacy('1', { session: SESSION }))
  assert.equal(target.isBound, true)
  assert.equal(target.send(false).upstreamIdJson, '1001')
  const { message, header } = requests.last()
  assert.equal(message['id'], 1_001)
  assert.equal(header('mcp-session-id'), 'up-1')
  assert.equal(header('mcp-protocol-version'), '2025-11-25')
})

test('two callers who number alike never share an id upstream', async t => {
  const { choose, requests } = ground(t, SESSIONFUL)
  for (let count = 0; count < 50; count += 1)
    (await choose(legacy('1', { session: SESSION }))).send(false)
  assert.equal(new Set(requests.sent.map(({ message }) => message['id'])).size, 50)
})

test('a legacy caller who leaves is told of to the replica, under the id it knows', async t => {
  const { choose, requests } = ground(t, SESSIONFUL)
  const { abandon } = (await choose(legacy('"x"', { session: SESSION }))).send(false)
  abandon()
  const { message, header } = requests.last('notifications/cancelled')
  assert.equal(header('mcp-session-id'), 'up-1')
  assert.deepEqual(message['params'], {
    requestId: 1_001,
    reason: 'the caller has left or cancelled',
  })
  assert.equal(header('mcp-protocol-version'), '2025-11-25')
  assert.equal(requests.sent[0]?.overs.length, 1)
})

test('how an answer ended is told to the account of the call', async t => {
  const { choose, requests } = ground(t)
  const { ended } = (await choose(call('1'))).send(false)
  ended({ ended: 'cut' })
  assert.deepEqual(requests.last().ends, [{ ended: 'cut' }])
})

test('what is believed of the replica and is not so is asked of it anew, without a word in its account', async t => {
  const { choose, active } = ground(t)
  const cluster = active.cluster('crm') ?? assert.fail('no cluster')
  const [endpoint] = cluster.endpoints
  const outdated = t.mock.method(cluster, 'outdated')
  ;(await choose(call('1'))).send(false).relearn()
  assert.equal(endpoint?.faults, 0)
  assert.deepEqual(
    outdated.mock.calls.map(({ arguments: [asked] }) => asked),
    [endpoint],
  )
})

test('a server without sessions is not told: it could not tell which call is meant', async t => {
  const { choose, requests } = ground(t, STATELESS)
  const { abandon } = (await choose(legacy('"x"'))).send(false)
  abandon()
  assert.deepEqual(requests.methods(), ['tools/call'])
  assert.equal(requests.sent[0]?.overs.length, 1)
})

test('a session that was opened for one call is ended when the call is over, whatever became of it', async t => {
  const { choose, requests } = ground(t, SESSIONFUL)
  for (const finish of ['result', 'fail', 'abandon', 'forgo'] as const) {
    const before = requests.sent.length
    const choosing = choose(legacy('1'))
    await settle()
    await requests
      .last('initialize')
      .result({ protocolVersion: '2025-11-25' }, { 'mcp-session-id': 'own' })
    await requests.last('notifications/initialized').status(202)
    const target = await choosing
    assert.ok(!requests.methods().slice(before).includes('DELETE'))
    if (finish === 'forgo') target.forgo()
    else {
      const { abandon } = target.send(false)
      const request = requests.last('tools/call')
      assert.equal(request.header('mcp-session-id'), 'own')
      if (finish === 'result') await request.result({})
      else if (finish === 'fail') request.fail('ECONNRESET')
      else {
        abandon()
        assert.equal(requests.last().method, 'notifications/cancelled')
        await requests.last().status(202)
      }
      await settle()
    }
    const ended = requests
      .methods()
      .slice(before)
      .filter(method => method === 'DELETE')
    assert.equal(ended.length, 1, finish)
  }
})

test('a slot that was waited for and is not used goes to the next in line', async t => {
  const { choose, active } = ground(t)
  const target = await choose(call('1'))
  const waiting = active.cluster('crm')?.slots.wait({ queue: 1, waitMs: 1_000 }, () => true)
  target.forgo()
  assert.equal(await waiting, true)
})

test('a path that the replica names goes before the cluster’s', async t => {
  const { choose, requests, active } = ground(t)
  const endpoint = active.cluster('crm')?.endpoint(A)
  if (endpoint !== undefined) endpoint.instance = { ...endpoint.instance, path: '/own' }
  ;(await choose(call('1'))).send(false)
  assert.equal(requests.last().outgoing.path, '/own')
})

test('a call that no replica can take is refused before anything is sent', async t => {
  const { requests, active } = ground(t)
  const path = openAttempts(attemptPorts(active, requests), () => () => undefined).attempts
  const refused = await path.choose(callAs({ message: messageAs() }), {
    tried: new Set([A]),
    turn: freeTurn(),
  })
  assert.ok(refused.kind === 'refuse')
  assert.deepEqual(requests.sent, [])
})
