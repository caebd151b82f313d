// A legacy server asks a modern caller on the stream of its call: what the caller is told, when, and what becomes of the rest of the stream.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Park, UpstreamBody } from '#router/facts.ts'
import { carriedAs } from '#test/support/carried-call.ts'
import { fakeBody } from '#test/support/fake-body.ts'
import { relayed } from '#test/support/relayed.ts'
import { carryTo } from './bridge/downward.ts'
import { HeldStream } from './parking.ts'

const event = (json: string, id = ''): string => `event: message\n${id}data: ${json}\n\n`
const asks = (id: string): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"elicitation/create","params":{"message":"?","n":1.0}}`
const ANSWER = '{"jsonrpc":"2.0","id":7,"result":{"content":[]}}'

interface Scene {
  readonly relay: ReturnType<typeof relayed>
  readonly parked: readonly Parameters<Park>[0][]
  readonly pongs: readonly string[]
  readonly quiet: () => void
}

function scene(
  t: {
    readonly mock: {
      readonly timers: {
        enable: (of: { apis: ['setTimeout'] }) => void
        tick: (ms: number) => void
      }
    }
  },
  park?: ReturnType<Park>,
  capabilities: Readonly<Record<string, unknown>> = { elicitation: {} },
): Scene {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const parked: Parameters<Park>[0][] = []
  const pongs: string[] = []
  const call = carriedAs({ mayAsk: true, capabilities, pong: idJson => void pongs.push(idJson) })
  const relay = relayed({
    isStream: true,
    carry: carryTo('modern', call),
    park: waiting => {
      parked.push(waiting)
      return park ?? { state: 's' }
    },
  })
  return { relay, parked, pongs, quiet: () => t.mock.timers.tick(25) }
}

test('what is asked within a moment goes to the caller together, as it was written, with a state', async t => {
  const { relay, parked, quiet } = scene(t)
  relay.body.data(event(asks('0'), 'id: e1\n'))
  relay.body.data(event(asks('"b"'), 'id: e2\n'))
  assert.equal(parked.length, 0)
  quiet()
  await relay.done
  const params = '{"method":"elicitation/create","params":{"message":"?","n":1.0}}'
  const result = `{"resultType":"input_required","inputRequests":{"q1":${params},"q2":${params}},"requestState":"s"}`
  assert.equal(relay.caller.text(), event(`{"jsonrpc":"2.0","id":"x","result":${result}}`))
  const [{ questions, lastEventId } = assert.fail()] = parked
  assert.deepEqual(
    questions.map(({ key, idJson }) => [key, idJson]),
    [
      ['q1', '0'],
      ['q2', '"b"'],
    ],
  )
  assert.equal(lastEventId, 'e2')
})

test('an answer that comes meanwhile is the answer, and a caller who leaves leaves', async t => {
  const { relay, parked, quiet } = scene(t)
  relay.body.data(event(asks('0')) + event(ANSWER))
  quiet()
  await relay.done
  assert.match(relay.caller.text(), /"resultType":"complete"/)
  t.mock.timers.reset()
  const other = scene(t)
  other.relay.body.data(event(asks('0')))
  other.relay.caller.leave()
  other.quiet()
  await other.relay.done
  assert.deepEqual([parked, other.parked, other.relay.abandoned()], [[], [], 1])
})

test('an id that no header could carry is none, and the newest that was whole counts', async t => {
  for (const [ids, expected] of [
    [['id: a\n', 'id:b\n'], 'b'],
    [['id: a\n', ''], 'a'],
    [['id: a\n', 'id: é\n'], 'a'],
    [['id: a\n', `id: ${'x'.repeat(2_000)}\n`], 'a'],
    [['', ''], undefined],
  ] as const) {
    const { relay, parked, quiet } = scene(t)
    for (const id of ids) for (const letter of event(asks('0'), id)) relay.body.data(letter)
    quiet()
    await relay.done
    assert.equal(parked[0]?.lastEventId, expected)
    t.mock.timers.reset()
  }
})

test('it waits for the end of an event that is on its way', async t => {
  const { relay, parked, quiet } = scene(t)
  const [begin, end] = [
    'event: message\ndata: {"jsonrpc":"2.0",',
    '"method":"notifications/progress"}\n\n',
  ]
  relay.body.data(event(asks('0')) + begin)
  quiet()
  assert.deepEqual(parked, [])
  relay.body.data(end)
  quiet()
  await relay.done
  assert.equal(parked.length, 1)
})

test('a stream that ends with a question is put by at once', async t => {
  const { relay, parked } = scene(t)
  relay.body.data(event(asks('0'), 'id: a\n'))
  relay.body.end()
  await relay.done
  assert.equal(parked.length, 1)
})

test('what cannot be put by, or asked of this caller, is refused in words; a ping is answered', async t => {
  const code = 'RINGMAIN_QUESTION_UNANSWERED'
  const full = scene(t, { refusal: { code } })
  full.relay.body.data(event('{"jsonrpc":"2.0","id":5,"method":"ping"}') + event(asks('0')))
  full.quiet()
  await full.relay.done
  assert.deepEqual([full.relay.caller.text(), full.pongs], [event(`<${code}>`), ['5']])
  assert.equal(full.relay.abandoned(), 1) // or its server would wait, and nobody come
  t.mock.timers.reset()
  for (const [json, capabilities] of [
    [asks('0'), {}],
    ['{"jsonrpc":"2.0","id":5,"method":"tools/call"}', undefined],
  ] as const) {
    const { relay, parked } = scene(t, undefined, capabilities)
    relay.body.data(event(json))
    await relay.done
    assert.match(relay.caller.text(), /QUESTION_UNANSWERED|BAD_RESPONSE/)
    assert.deepEqual([parked, relay.abandoned()], [[], 1])
    t.mock.timers.reset()
  }
})

test('the rest of a stream that is held goes to whoever goes on with it, and no more is kept than is bounded', async t => {
  const { relay, parked, quiet } = scene(t)
  relay.body.data(event(asks('0')))
  let held: UpstreamBody | undefined
  const hold = (): void => {
    held = parked[0]?.hold()
  }
  quiet()
  hold()
  await relay.done
  assert.deepEqual(relay.body.log, ['rest']) // its server may be silent until its question is answered
  relay.body.data(event(ANSWER))
  const later = relayed({ isStream: true, carry: carryTo('modern', carriedAs()) })
  assert.ok(held instanceof HeldStream)
  const rest: string[] = []
  held.pipe({
    data: chunk => rest.push(chunk.toString()) > 0,
    end: () => rest.push('end'),
    broken: () => undefined,
  })
  assert.deepEqual(relay.body.log, ['rest', 'resume'])
  relay.body.end()
  assert.deepEqual(rest, [event(ANSWER), 'end'])
  later.caller.leave()
  const full = new HeldStream(fakeBody())
  assert.ok(full.data(Buffer.alloc(65_536)))
  assert.ok(!full.data(Buffer.alloc(1)))
  full.broken()
  assert.ok(await full.breaksEarly())
})
