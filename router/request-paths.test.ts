// The whole path over in-memory ports: the order of its stages, and for each a refusal that proves what ran and what did not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decoded, McpAnswer } from '#router/facts.ts'
import { decodedAs, messageAs } from '#test/support/call-facts.ts'
import type { fakeBody } from '#test/support/fake-body.ts'
import { arrivedAs, type FakeCaller, fakeCaller } from '#test/support/fake-caller.ts'
import { fakeDeadline } from '#test/support/fake-deadline.ts'
import { freeRetries } from '#test/support/free-retries.ts'
import { portsThatSay } from '#test/support/ports-that-say.ts'
import { relayAs } from '#test/support/relayed.ts'
import { relayAnswer } from './eras/relay.ts'
import { refuse } from './pipeline/stage.ts'
import { type Ports, requestPath, turnedAwayPath } from './request-paths.ts'
import type { CallRecord } from './stages/record.ts'

const SESSION = { token: 's', serverName: 'default', version: '2025-11-25', members: [] }
interface Ran {
  readonly log: readonly string[] // every port that was touched, in order
  readonly records: readonly CallRecord[]
  readonly caller: FakeCaller
}

async function run(
  decoded: Partial<Decoded> = {},
  instead: (ports: Ports) => Partial<Ports> = () => ({}),
  caller: FakeCaller = fakeCaller(),
): Promise<Ran> {
  const [log, records]: [string[], CallRecord[]] = [[], []]
  const ports = portsThatSay(log, records, decodedAs(decoded))
  const path = requestPath({ ...ports, ...instead(ports) })
  await path.run(arrivedAs({ caller }), {
    settleFailed: (stage, error) => assert.fail(`${stage}: ${String(error)}`),
  })
  return { log, records, caller }
}

const of = (
  method: string,
  list: Decoded['list'],
  more: Partial<Decoded> = {},
): Partial<Decoded> => ({
  list,
  message: messageAs({ method }),
  ...more,
})

test('the stages stand in this order', () => {
  assert.deepEqual(requestPath(portsThatSay([], [], decodedAs())).stages, [
    'record',
    'decode',
    'lapse',
    'locate',
    'call: shed',
    'call: resolve',
    'call: deadline',
    'call: enlist',
    'call: forward',
    'subscribe: shed',
    'subscribe: resolve',
    'subscribe: subscribe',
    'subscribe: deadline',
    'subscribe: enlist',
    'subscribe: forward',
    'stream: shed',
    'stream: listen',
    'list: shed',
    'list: gather',
    'handshake: shed',
    'handshake: greet',
    'notice: notice',
    'close: part',
  ])
  assert.deepEqual(turnedAwayPath(portsThatSay([], [], decodedAs())).stages, [
    'record',
    'turn away',
  ])
})

test('each kind of message goes down its own list', async () => {
  for (const [decoded, middle] of [
    [of('tools/call', 'call'), ['resolve', 'deadline', 'choose', 'send', 'judge']],
    [of('tools/list', 'list'), ['page', 'encode']],
    [
      {
        list: 'subscribe',
        message: messageAs({ method: 'resources/subscribe', params: { uri: 'crm+a:b' } }),
      },
      ['resolve', 'subscribe'],
    ],
    [of('subscriptions/listen', 'stream'), ['open']],
    [of('server/discover', 'handshake'), ['discover']],
    [of('initialize', 'handshake'), ['initialize']],
    [of('notifications/x', 'notice'), []],
    [of('DELETE', 'close', { session: SESSION }), ['end session']],
  ] as const) {
    const { log, records } = await run(decoded)
    assert.deepEqual(
      log,
      ['began', 'decode', 'locate', ...middle, 'respond answered', 'ended'],
      decoded.list ?? '',
    )
    assert.deepEqual(
      records.map(({ result }) => result),
      ['answered'],
    )
  }
})

for (const [stage, instead, ran] of [
  ['decode', () => ({ eras: { decode: () => refuse('RINGMAIN_MALFORMED_JSON') } }), []],
  ['locate', ({ table }) => ({ table: { ...table, server: () => undefined } }), ['decode']],
  [
    'resolve',
    ({ table }) => ({ table: { ...table, cluster: () => undefined } }),
    ['decode', 'locate'],
  ],
  [
    'deadline',
    () => ({ deadlines: { open: () => fakeDeadline({ isOver: true }).deadline } }),
    ['decode', 'locate', 'resolve'],
  ],
  [
    'forward, choosing',
    () => ({ attempts: freeRetries(() => refuse('RINGMAIN_CLUSTER_BUSY')) }),
    ['decode', 'locate', 'resolve', 'deadline'],
  ],
  [
    'forward, judging',
    () => ({ judge: () => ({ code: 'RINGMAIN_UPSTREAM_REFUSED' }) }),
    ['decode', 'locate', 'resolve', 'deadline', 'choose', 'send'],
  ],
] as const satisfies readonly (readonly [
  string,
  (ports: Ports) => Partial<Ports>,
  readonly string[],
])[]) {
  test(`a refusal in ${stage} runs nothing after it, and is recorded once`, async () => {
    const { log, records } = await run({}, instead)
    assert.deepEqual(log, ['began', ...ran, 'respond refused', 'ended'])
    assert.equal(records.map(({ result }) => result).join(), 'refused')
  })
}

test('a refusal at the end of the shorter lists is recorded once', async () => {
  for (const [decoded, instead] of [
    [
      of('tools/list', 'list'),
      ({ lists }: Ports) => ({
        lists: { ...lists, page: () => Promise.resolve(refuse('RINGMAIN_CLUSTER_BUSY')) },
      }),
    ],
    [
      of('initialize', 'handshake'),
      ({ handshakes }: Ports) => ({
        handshakes: {
          ...handshakes,
          initialize: () =>
            Promise.resolve({ refusal: { code: 'RINGMAIN_CLUSTER_BUSY' } as const }),
        },
      }),
    ],
    [of('DELETE', 'close'), () => ({})],
  ] as const) {
    const { log, records } = await run(decoded, instead)
    assert.deepEqual(
      log,
      ['began', 'decode', 'locate', 'respond refused', 'ended'],
      decoded.list ?? '',
    )
    assert.equal(records.map(({ result }) => result).join(), 'refused')
  }
})

test('a defect in any port is answered and recorded as one', async () => {
  const broken = (): never => {
    throw new Error('a bug')
  }
  for (const instead of [
    () => ({ eras: { decode: broken } }),
    ({ table }: Ports) => ({ table: { ...table, server: broken } }),
    ({ table }: Ports) => ({ table: { ...table, tool: broken } }),
    () => ({ attempts: freeRetries(broken) }),
    () => ({ judge: broken }),
  ]) {
    const { log, records } = await run({}, instead)
    assert.deepEqual(log.slice(-2), ['respond defect', 'ended'])
    assert.deepEqual(
      records.map(({ result, code }) => [result, code]),
      [['defect', 'RINGMAIN_DEFECT']],
    )
  }
})

test('a response that fails is a defect, and the call is settled all the same', async () => {
  const { log, records } = await run({}, () => ({
    respond: () => {
      throw new Error('a bug')
    },
  }))
  assert.equal(log.at(-1), 'ended')
  assert.equal(records[0]?.result, 'defect')
})

/** Answers by a relay that the test plays. */
const relaying = (play: (body: ReturnType<typeof fakeBody>, caller: FakeCaller) => void) => {
  const caller = fakeCaller()
  return run(
    {},
    () => ({
      respond: (outcome, { trail }) => {
        assert.ok(outcome.kind === 'answered' && outcome.answer.kind === 'relay')
        const relayed = relayAnswer(caller, outcome.answer.relay, {
          nowMs: () => 0,
          after: () => () => undefined,
          trail: trail ?? { attempts: 0 },
          error: () => assert.fail(),
          defect: () => assert.fail(),
          refusal: () => ({ status: 200, headers: {}, body: '' }),
        })
        play(outcome.answer.relay.body as ReturnType<typeof fakeBody>, caller)
        return relayed
      },
      judge: () => ({ kind: 'relay', relay: relayAs({ isStream: true }) }) satisfies McpAnswer,
    }),
    caller,
  )
}

test('one record tells whether an answer went out whole, broke, or lost its caller', async () => {
  const whole = await relaying(body => {
    body.data('data: {"jsonrpc":"2.0","id":7,"result":{}}\n\n')
    body.end()
  })
  const broken = await relaying(body => body.broken())
  const gone = await relaying((_body, caller) => caller.leave())
  assert.deepEqual(
    [whole, broken, gone].map(({ records }) => records.map(({ result }) => result)),
    [['answered'], ['broken'], ['caller_gone']],
  )
})

test('what was turned away before it was read leaves its record too', async () => {
  const [log, records]: [string[], CallRecord[]] = [[], []]
  const path = turnedAwayPath(portsThatSay(log, records, decodedAs()))
  await path.run(
    { ...arrivedAs(), turnedAway: { code: 'RINGMAIN_HOST_REFUSED' } },
    { settleFailed: () => assert.fail('nothing to settle') },
  )
  assert.deepEqual(log, ['began', 'respond refused', 'ended'])
  assert.deepEqual(
    records.map(({ result, code }) => [result, code]),
    [['refused', 'RINGMAIN_HOST_REFUSED']],
  )
})
