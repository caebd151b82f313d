// Whatever the split of an event stream, its events reach the caller with the caller's id and without what would promise a resumption.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { seededRandom } from '#foundation/clock.ts'
import { cuts, jsonValue, piecesOf, runOf, spelt } from '#test/support/properties.ts'
import { CommentPace } from './comment-pace.ts'
import type { Outlet } from './held-output.ts'
import { IdSwap } from './id-swap.ts'
import { SseRelay } from './sse-relay.ts'

const OURS = 1_000_000_007

interface Relayed {
  /** What was handed on as whole. */
  readonly text: string
  /** What waits for its end. */
  readonly waiting: string
  readonly isAnswered: boolean
  readonly isBroken: boolean
}

function relayed(pieces: readonly Buffer[], expected = String(OURS), by = '"caller"'): Relayed {
  let [text, waiting] = ['', '']
  const out: Outlet = {
    add: piece => {
      waiting += piece.toString('latin1')
    },
    settle: () => {
      text += waiting
      waiting = ''
    },
  }
  const pace = new CommentPace(() => 0)
  const hears = { onProgress: () => undefined, onQuestion: () => true }
  const relay = new SseRelay(new IdSwap(expected, by), { out, pace, ...hears })
  for (const piece of pieces) relay.push(piece)
  const { isAnswered, isBroken } = relay
  const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString()
  return { text: utf8(text), waiting: utf8(waiting), isAnswered, isBroken }
}

const whole = (text: string, expected?: string, by?: string): Relayed =>
  relayed([Buffer.from(text)], expected, by)

interface Seen {
  readonly type: string
  readonly data: string
}

/** Events as the specification reads them (WHATWG HTML, 9.2.6), written apart from what is tested. */
function eventsOf(text: string): readonly Seen[] {
  const events: Seen[] = []
  let type = ''
  let data: string[] = []
  for (const line of text.split(/\r\n|\n|\r/).slice(0, -1)) {
    if (line === '') {
      if (data.length > 0) events.push({ type, data: data.join('\n') })
      type = ''
      data = []
      continue
    }
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') data.push(value)
    else if (field === 'event') type = value
  }
  return events
}

/** A value that parses is compared by what it says, with our id put back; any other by its text. */
function readable({ type, data }: Seen, isOut: boolean): unknown {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch {
    return { type, data }
  }
  if (isOut || typeof value !== 'object' || value === null || Array.isArray(value))
    return { type, value }
  return {
    type,
    value: (value as { id?: unknown }).id === OURS ? { ...value, id: 'caller' } : value,
  }
}

const V = '"jsonrpc":"2.0"'
const id = fc.oneof(fc.constant(OURS), fc.integer(), fc.string(), fc.constant(null))
const version = fc.constant('2.0')
const message = fc.oneof(
  fc.record({
    jsonrpc: version,
    id: fc.constant(OURS),
    result: fc.record({ id, text: fc.string({ unit: 'grapheme' }) }),
  }),
  fc.record({
    jsonrpc: version,
    method: fc.constant('notifications/progress'),
    params: jsonValue(2),
  }),
  fc.record({ jsonrpc: version, method: fc.constant('roots/list'), id: fc.string() }),
)
const ends = fc.constantFrom('\n', '\r\n', '\r')
const word = fc.string({
  unit: fc.constantFrom('a', ' ', '"', ':', '\\', '{', '1', 'é'),
  maxLength: 12,
})

/** One event: fields in any order, its data on one line or on several; or one that no MCP client looks at. */
const event = fc
  .tuple(message, fc.integer(), ends, fc.constantFrom('one', 'many', 'foreign', 'empty'), word)
  .chain(([value, ink, end, kind, garbage]) => {
    const written =
      kind === 'one'
        ? [spelt(value, seededRandom(ink), true)]
        : kind === 'many'
          ? spelt(value, seededRandom(ink)).split(/\r\n|\n|\r/)
          : [kind === 'foreign' ? garbage : '']
    const data = written.map((line, index) => (index % 2 === 0 ? `data: ${line}` : `data:${line}`))
    const type =
      kind === 'foreign' ? ['event: ping'] : ink % 2 === 0 ? ['event: message'] : ['event:']
    const others = fc.subarray([`: ${garbage}`, 'id: 7', 'id', 'retry: 5', 'x', 'dat: 1'])
    return fc
      .tuple(others, fc.subarray(['id:8', 'retry:', ':', 'identity: 1', 'data']))
      .map(([before, after]) => `${[...before, ...type, ...data, ...after, ''].join(end)}${end}`)
  })

const stream = fc.array(event, { maxLength: 6 }).map(events => events.join(''))

test('any split of any stream gives what no split gives', t => {
  fc.assert(
    fc.property(stream, cuts, (text, lengths) => {
      assert.deepEqual(relayed(piecesOf(Buffer.from(text), lengths)), whole(text))
    }),
    runOf(t, 400),
  )
})

/** Messages of an MCP server, as far as the first that answers. */
function messagesIn(text: string): readonly Seen[] {
  const messages = eventsOf(text).filter(({ type, data }) => type !== 'ping' && data.trim() !== '')
  const at = messages.findIndex(({ data }) => 'result' in (JSON.parse(data) as object))
  return messages.slice(0, at < 0 ? undefined : at + 1)
}

test('every message up to the answer arrives, in order, with the caller’s id and nothing else changed; and nothing else arrives', t => {
  fc.assert(
    fc.property(stream, cuts, (text, lengths) => {
      const { text: out, waiting, isBroken } = relayed(piecesOf(Buffer.from(text), lengths))
      assert.deepEqual(
        eventsOf(out)
          .filter(({ data }) => data.trim() !== '')
          .map(one => readable(one, true)),
        messagesIn(text).map(one => readable(one, false)),
      )
      assert.deepEqual([waiting, isBroken], ['', false])
      assert.doesNotMatch(out, /^(?:id|retry|x|dat|identity)(?::|$)|ping/m)
    }),
    runOf(t, 400),
  )
})

test('data under the same id on both sides goes on byte for byte', t => {
  fc.assert(
    fc.property(message, fc.integer(), cuts, (value, ink, lengths) => {
      const text = `data: ${spelt(value, seededRandom(ink), true)}\n\n`
      const ours = String(OURS)
      assert.equal(relayed(piecesOf(Buffer.from(text), lengths), ours, ours).text, text)
    }),
    runOf(t, 200),
  )
})

test('bytes of any kind split anywhere come out as without a split, and throw nothing', t => {
  const parts = fc.constantFrom(
    '\n',
    '\r',
    'data:',
    'id',
    ':',
    `{${V},"id":7`,
    ',"result":{}}',
    'event: message',
    'event: other',
    '"',
    '\\',
    'é',
    ' ',
    '\uFEFF',
  )
  fc.assert(
    fc.property(fc.array(parts), cuts, (texts, lengths) => {
      const bytes = Buffer.from(texts.join(''))
      const [split, one] = [relayed(piecesOf(bytes, lengths), '7', '8'), relayed([bytes], '7', '8')]
      assert.deepEqual({ ...split, waiting: '' }, { ...one, waiting: '' })
    }),
    runOf(t, 500),
  )
})

test('line ends of every kind end a line, also when they are cut', () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const text = `: hi${end}id: 1${end}data: {${V},"id":7,${end}data: "result":{}}${end}${end}`
    for (let at = 0; at <= text.length; at += 1) {
      const pieces = [Buffer.from(text.slice(0, at)), Buffer.from(text.slice(at))]
      assert.deepEqual(relayed(pieces, '7', '"x"'), {
        text: `: hi\ndata: {${V},"id":"x",\ndata: "result":{}}\n\n`,
        waiting: '',
        isAnswered: true,
        isBroken: false,
      })
    }
  }
})

test('an answer counts once its event is closed by a blank line, and is not handed on before', () => {
  const data = `data: {${V},"id":7,"result":{}}`
  for (const text of [data, `${data}\n`]) {
    const { isAnswered, text: out } = whole(text, '7')
    assert.deepEqual([isAnswered, out], [false, ''])
  }
  assert.deepEqual(whole(`${data}\n\n`, '7').text, `${data.replace('7', '"caller"')}\n\n`)
})

test('a notification does not answer, and goes on', () => {
  const text = `data: {${V},"method":"notifications/progress","params":{"id":7,"result":{}}}\n\n`
  assert.deepEqual(whole(text, '7', '"x"'), {
    text,
    waiting: '',
    isAnswered: false,
    isBroken: false,
  })
})

test('an event that is no message for this call breaks the stream, and nothing of it or behind it goes on', () => {
  const before = `data: {${V},"method":"a"}\n\n`
  for (const data of [
    `{${V},"id":8,"result":{}}`,
    `{${V},"id":"7","result":{}}`,
    `{${V},"id":null,"error":{"code":1,"message":""}}`,
    `{${V},"id":7}`,
    `{${V},"id":7,"result":{}}}`,
    `{${V},"id":7,"result":{}`,
    `{${V},"id":7,"result":{"a\ndata: b":1}}`,
    '{"id":7,"result":{}}',
    `[{${V},"id":7,"result":{}}]`,
    'hello',
    '1',
  ]) {
    const { text, isBroken, isAnswered } = whole(
      `${before}id: 1\ndata: ${data}\n\ndata: {${V},"id":7,"result":{}}\n\n`,
      '7',
      '"x"',
    )
    assert.deepEqual(
      { text, isBroken, isAnswered },
      { text: before, isBroken: true, isAnswered: false },
      data,
    )
  }
})

test('events of another type, and without data, are no messages and stay here', () => {
  const answer = `data: {${V},"id":7,"result":{}}\n\n`
  const foreign = `event: ping\ndata: {"type":\n: still there\ndata:\n\n`
  const written = `${foreign}id: 1\ndata:\n\nevent: message\n${answer}`
  const { text, isAnswered } = whole(written, '7', '7')
  assert.equal(text, `: still there\n\ndata:\n\nevent: message\n${answer}`)
  assert.ok(isAnswered)
  for (const type of ['messages', 'Message', 'message ', 'm'.repeat(70_000)])
    assert.equal(whole(`event: ${type}\n${answer}`, '7').isAnswered, false, type.slice(0, 10))
  assert.equal(whole(`event:message\n${answer}`, '7').isAnswered, true)
  for (const type of ['message', 'messages', 'message'.repeat(20)]) {
    const letters = `event: ${type}\n${answer}`.split('').map(letter => Buffer.from(letter))
    assert.equal(relayed(letters, '7', '7').isAnswered, type === 'message', type)
  }
  assert.equal(whole(`${answer.slice(0, -1)}event: ping\n\n`, '7').isBroken, true)
})

test('a comment goes on at the end of its line, so that a stream which only says that it is there is seen to', () => {
  assert.deepEqual(whole(': hi\n').text, ': hi\n')
  assert.deepEqual(whole(': hi').text, '')
  assert.deepEqual(whole('data: {\n: hi\n').text, '')
})

test('what is still undecided at the end has not gone out', () => {
  for (const rest of ['da', 'retr', 'id: 5', 'event: mess', 'data: {', '\r'])
    assert.match(whole(`: 1\n\n${rest}`).text, /^: 1\n\n\n?$/)
})

test('a byte order mark before the first line is none of its text', () => {
  const text = `\uFEFFdata: {${V},"id":7,"result":{}}\n\n`
  for (const lengths of [[100], [1, 1, 1, 1], [2, 100]])
    assert.equal(
      relayed(piecesOf(Buffer.from(text), lengths), '7', '8').text,
      `data: {${V},"id":8,"result":{}}\n\n`,
    )
})
