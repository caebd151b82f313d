// The account that traffic keeps of a replica: what it carries, how fast it answers, what counts against it. Over one real connection,
// since the client underneath decides what was sent.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Cluster } from '#router/clusters/cluster.ts'
import { Endpoint } from '#router/clusters/endpoint.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { type Script, startReplica } from '#test/support/small-replica.ts'
import { Pools } from './pools.ts'
import { askReplica } from './rpc.ts'
import { createSend, isEventStream, isJson, type Outgoing, type Sent } from './send.ts'

interface Ground {
  readonly endpoint: Endpoint
  readonly pools: Pools
  readonly heard: string[]
  readonly send: (method: string, onOver?: () => void) => Sent
  /** Of a replica that is not going to answer, which need not be waited for. */
  readonly sendInVain: (method: string) => Sent
}

const outgoing = (method: string): Outgoing => ({
  method: 'POST',
  path: '/mcp',
  headers: ['content-type', 'application/json'],
  body: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method })),
  firstByteMs: 60_000,
  idleMs: 60_000,
})

async function ground(
  t: TestContext,
  script: Script,
  nowMs: () => number = () => performance.now(),
): Promise<Ground> {
  const { port } = await startReplica(t, script)
  const endpoint = new Endpoint(instanceAt(port))
  const pools = new Pools()
  t.after(() => pools.close())
  const heard: string[] = []
  const cluster = {
    policy: { connections: { perEndpoint: 64, minPerEndpoint: 4 } },
    slots: { free: () => heard.push('free') },
    suspect: () => heard.push('suspect'),
    refused: (_endpoint: Endpoint, detail: string) => heard.push(`refused ${detail.slice(0, 12)}`),
    ejections: { begin: () => 7, heard: () => undefined, settle: () => undefined },
  } as unknown as Cluster
  const send = createSend(pools, { nowMs, wallMs: () => 0 })
  return {
    endpoint,
    pools,
    heard,
    send: (method, onOver) => send({ cluster, endpoint }, outgoing(method), onOver),
    sendInVain: method => send({ cluster, endpoint }, { ...outgoing(method), firstByteMs: 200 }),
  }
}

const load = ({ inFlight, streams, calls, faults }: Endpoint): readonly number[] => [
  inFlight,
  streams,
  calls,
  faults,
]

test('a call is carried until its last byte, and its slot is then free', async t => {
  const { endpoint, send, heard } = await ground(t, { ask: ({ result }) => result({}) })
  let overs = 0
  const { attempt } = send('ask', () => {
    overs += 1
  })
  assert.deepEqual(load(endpoint), [1, 0, 1, 0])
  const head = await attempt
  assert.equal(head.kind, 'answered')
  await head.body.collect(1_000)
  assert.deepEqual(load(endpoint), [0, 0, 1, 0])
  assert.deepEqual(heard, ['free'])
  assert.equal(overs, 1)
})

test('a stream frees its call slot with its first byte and is carried as a stream until it ends', async t => {
  const { endpoint, send, heard } = await ground(t, {
    watch: ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    },
  })
  const sent = send('watch')
  assert.equal((await sent.attempt).kind, 'answered')
  assert.deepEqual(load(endpoint), [0, 1, 1, 0])
  assert.deepEqual(heard, ['free'])
  sent.abort()
  assert.deepEqual(load(endpoint), [0, 0, 1, 0])
  assert.deepEqual(heard, ['free', 'free'])
})

test('an answer that waits for its reader frees its call slot, and is given up once', async t => {
  const { endpoint, send } = await ground(t, {
    ask: ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('x'.repeat(4_000_000))
    },
  })
  const slow = await send('ask').attempt
  while (endpoint.streams === 0) await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(load(endpoint), [0, 1, 1, 0])
  assert.ok(slow.kind === 'answered')
  const whole = await slow.body.collect(5_000_000)
  assert.equal(whole.length, 4_000_000)
  assert.deepEqual(load(endpoint), [0, 0, 1, 0])
  const tooLarge = await send('ask').attempt
  assert.ok(tooLarge.kind === 'answered')
  assert.equal(await tooLarge.body.collect(1_000), 'too_large')
  assert.deepEqual(load(endpoint), [0, 0, 2, 0])
})

test('5xx and 429 are faults without a doubt on health; other statuses are samples', async t => {
  const statusOf =
    (status: number, headers: Readonly<Record<string, string>> = {}): Script[string] =>
    ({ response }) =>
      void response.writeHead(status, headers).end()
  const { endpoint, send, heard } = await ground(t, {
    broken: statusOf(503),
    busy: statusOf(429, { 'retry-after': '60' }),
    missing: statusOf(404),
  })
  const ask = async (method: string): Promise<void> => {
    const head = await send(method).attempt
    if (head.kind === 'answered') await head.body.collect(1_000)
  }
  await ask('missing')
  assert.deepEqual(load(endpoint), [0, 0, 1, 0])
  await ask('broken')
  assert.deepEqual(load(endpoint), [0, 0, 2, 1])
  assert.ok(endpoint.ewmaMs(performance.now()) > 4_500)
  await ask('busy')
  assert.ok(endpoint.ewmaMs(performance.now()) > 50_000, 'it asked for a minute')
  assert.deepEqual(heard, ['free', 'free', 'free'])
})

test('silence and a lost connection are faults, and bring the next check forward', async t => {
  const { endpoint, send, sendInVain, heard } = await ground(t, {
    hang: () => undefined,
    die: ({ response }) => void response.destroy(),
  })
  assert.equal((await send('die').attempt).kind, 'no_answer')
  assert.deepEqual(heard, ['suspect', 'free'])
  assert.equal((await sendInVain('hang').attempt).kind, 'timeout')
  assert.deepEqual(heard, ['suspect', 'free', 'suspect', 'free'])
  assert.deepEqual(load(endpoint), [0, 0, 2, 2])
})

test('an answer to a check that came while the process stood still is one', async t => {
  const { send } = await ground(t, {
    ask: ({ result }) => {
      result({})
      const endMs = performance.now() + 1_200
      setImmediate(() => {
        while (performance.now() < endMs); // it has been sent, and waits here
      })
    },
  })
  const reply = await askReplica(send('ask'), '1', 1_000)
  assert.equal(reply.kind, 'message')
})

test('silence counts as long as it lasted', async t => {
  let nowMs = 0
  const { endpoint, sendInVain } = await ground(t, { hang: () => undefined }, () => nowMs)
  const { attempt } = sendInVain('hang')
  nowMs = 60_000
  assert.equal((await attempt).kind, 'timeout')
  assert.equal(endpoint.ewmaMs(60_000), 60_000)
})

test('a port where nobody listens is told to the cluster as refused', async t => {
  const { endpoint, send, heard } = await ground(t, {})
  endpoint.instance = instanceAt(1)
  assert.equal((await send('ask').attempt).kind, 'not_sent')
  assert.deepEqual(heard, ['refused ECONNREFUSED', 'free'])
  assert.deepEqual(load(endpoint), [0, 0, 1, 1])
})

test('a caller who leaves says nothing about the replica', async t => {
  const { endpoint, send, heard } = await ground(t, { hang: () => undefined })
  const sent = send('hang')
  sent.abort()
  assert.equal((await sent.attempt).kind, 'abandoned')
  assert.deepEqual(load(endpoint), [0, 0, 1, 0])
  assert.deepEqual(heard, ['free'])
})

test('a replica that left the set keeps its connections until its last call is over', async t => {
  const { endpoint, send, pools } = await ground(t, {
    watch: ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    },
  })
  const first = send('watch')
  const second = send('watch')
  await Promise.all([first.attempt, second.attempt])
  endpoint.isRemoved = true
  first.abort()
  assert.equal(pools.size, 1)
  second.abort()
  assert.equal(pools.size, 0)
})

test('content types are told apart with their parameters and in any case', () => {
  assert.ok(isEventStream('Text/Event-Stream; charset=utf-8'))
  assert.ok(isJson('application/json;charset=utf-8'))
  assert.ok(!isJson('text/json'))
  assert.ok(!isEventStream('application/json'))
  assert.ok(!isJson('application/json-seq'))
  assert.ok(!isEventStream('text/event-stream+x'))
})

test('an informal answer does not set the limit on the first byte anew', async t => {
  const { sendInVain, heard } = await ground(t, {
    ask: ({ response }) => response.writeProcessing(),
  })
  const head = await sendInVain('ask').attempt
  assert.equal(head.kind, 'timeout')
  assert.match(head.detail, /^FIRST_BYTE_TIMEOUT: no final answer within 200 ms/)
  assert.deepEqual(heard, ['suspect', 'free'])
})

test('a replica that has too much to do is given less at once', async t => {
  const { endpoint, send } = await ground(t, {
    busy: ({ response }) => response.writeHead(503).end(),
    fails: ({ response }) => response.writeHead(500).end(),
  })
  for (const method of ['fails', 'busy']) {
    assert.equal(endpoint.limit.value, Number.POSITIVE_INFINITY)
    const head = await send(method).attempt
    if (head.kind === 'answered') head.body.resume()
  }
  assert.equal(endpoint.limit.value, 57)
})
