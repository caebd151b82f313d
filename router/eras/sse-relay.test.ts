// Whatever the split of an event stream, its events reach the caller with the caller's id and without what would promise a resumption.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { seededRandom } from '#foundation/clock.ts'
import { cuts, jsonValue, piecesOf, runOf, spelt } from '#test/support/properties.ts'
import { SseRelay } from './sse-relay.ts'

const OURS = 1_000_000_007

interface Relayed {
  readonly text: string
  readonly isAnswered: boolean
  readonly isAtBoundary: boolean
}

function relayed(pieces: readonly Buffer[], expected = String(OURS), by = '"caller"'): Relayed {
  const relay = new SseRelay(expected, by)
  const out: Buffer[] = []
  for (const piece of pieces) relay.push(piece, one => void out.push(Buffer.from(one)))
  const { isAnswered, isAtBoundary } = relay
  return { text: Buffer.concat(out).toString(), isAnswered, isAtBoundary }
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

const id = fc.oneof(fc.constant(OURS), fc.integer(), fc.string(), fc.constant(null))
const json = fc.oneof(
  fc.record(
    {
      jsonrpc: fc.constant('2.0'),
      id,
      result: fc.record({ id, text: fc.string({ unit: 'grapheme' }) }),
      error: fc.record({ id }),
      method: fc.constant('notifications/progress'),
    },
    { requiredKeys: [] },
  ),
  jsonValue(2),
)
const ends = fc.constantFrom('\n', '\r\n', '\r')
const word = fc.string({
  unit: fc.constantFrom('a', ' ', '"', ':', '\\', '{', '1', 'é'),
  maxLength: 12,
})

/** One event: fields in any order, JSON on one line or on several, or no JSON at all. */
const event = fc
  .tuple(json, fc.integer(), ends, fc.constantFrom('one', 'many', 'none'), word)
  .chain(([value, ink, end, kind, garbage]) => {
    const written =
      kind === 'one'
        ? [spelt(value, seededRandom(ink), true)]
        : kind === 'many'
          ? spelt(value, seededRandom(ink)).split(/\r\n|\n|\r/)
          : [garbage, 'data']
    const data = written.map((line, index) => (index % 2 === 0 ? `data: ${line}` : `data:${line}`))
    const others = fc.subarray([
      'event: message',
      `: ${garbage}`,
      'id: 7',
      'id',
      'retry: 5',
      'x',
      'dat: 1',
    ])
    return fc
      .tuple(others, fc.subarray(['id:8', 'retry:', ':', 'identity: 1', 'data']))
      .map(([before, after]) => `${[...before, ...data, ...after, ''].join(end)}${end}`)
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

test('every event arrives, in order, with the caller’s id and nothing else changed', t => {
  fc.assert(
    fc.property(stream, cuts, (text, lengths) => {
      const { text: out, isAtBoundary } = relayed(piecesOf(Buffer.from(text), lengths))
      assert.deepEqual(
        eventsOf(out).map(one => readable(one, true)),
        eventsOf(text).map(one => readable(one, false)),
      )
      assert.equal(isAtBoundary, true)
      assert.doesNotMatch(out, /^(?:id|retry)(?::|$)/m)
    }),
    runOf(t, 400),
  )
})

test('data under the same id on both sides goes on byte for byte', t => {
  fc.assert(
    fc.property(json, fc.integer(), cuts, (value, ink, lengths) => {
      const text = `data: ${spelt(value, seededRandom(ink), true)}\n\n`
      assert.equal(relayed(piecesOf(Buffer.from(text), lengths), '7', '7').text, text)
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
    '{"id":7',
    ',"result":1}',
    '"',
    '\\',
    'é',
    ' ',
    '\uFEFF',
  )
  fc.assert(
    fc.property(fc.array(parts), cuts, (texts, lengths) => {
      const bytes = Buffer.from(texts.join(''))
      assert.deepEqual(relayed(piecesOf(bytes, lengths), '7', '8'), relayed([bytes], '7', '8'))
    }),
    runOf(t, 500),
  )
})

test('line ends of every kind end a line, also when they are cut', () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const text = `: hi${end}id: 1${end}data: {"id":7,${end}data: "result":{}}${end}${end}`
    for (let at = 0; at <= text.length; at += 1) {
      const pieces = [Buffer.from(text.slice(0, at)), Buffer.from(text.slice(at))]
      assert.deepEqual(relayed(pieces, '7', '"x"'), {
        text: ': hi\ndata: {"id":"x",\ndata: "result":{}}\n\n',
        isAnswered: true,
        isAtBoundary: true,
      })
    }
  }
})

test('an answer counts once its event is closed by a blank line', () => {
  const data = 'data: {"id":7,"result":{}}'
  assert.equal(whole(data, '7').isAnswered, false)
  assert.equal(whole(`${data}\n`, '7').isAnswered, false)
  assert.equal(whole(`${data}\n\n`, '7').isAnswered, true)
})

test('neither a progress message, nor another id, nor a request answers', () => {
  for (const message of [
    '{"method":"notifications/progress","params":{"id":7,"result":1}}',
    '{"id":8,"result":{}}',
    '{"id":"7","result":{}}',
    '{"ids":7}',
    '{"id":null,"error":{}}',
  ]) {
    const text = `data: ${message}\n\n`
    assert.deepEqual(whole(text, '7', '"x"'), { text, isAnswered: false, isAtBoundary: true })
  }
  assert.equal(whole('data: {"id":7}\n\n', '7').isAnswered, false)
  assert.equal(whole('data: {"id":7,"method":"ping","result":{}}\n\n', '7').isAnswered, false)
})

test('a message between events is safe only where nothing of an event has gone out', () => {
  for (const [text, isAtBoundary] of [
    ['', true],
    ['data: 1\n\n', true],
    ['data: 1\n\nid: 5\n', true],
    ['data: 1\n\nretry', true],
    ['data: 1\n\nda', true],
    ['data: 1\n\ndata:', false],
    ['data: 1\n', false],
    ['event: x\n', false],
    [': comment\n', false],
    [': comment\n\n', true],
  ] as const)
    assert.equal(whole(text).isAtBoundary, isAtBoundary, JSON.stringify(text))
})

test('what is still undecided at the end has not gone out', () => {
  assert.equal(whole('data: 1\n\nda').text, 'data: 1\n\n')
  assert.equal(whole('retr').text, '')
})

test('a line that breaks inside a string of JSON does not hide the events after it', () => {
  const broken = 'data: {"id":"abc\n\n'
  const good = 'data: {"id":7,"result":{}}\n\n'
  assert.deepEqual(whole(`${broken}id: 9\n${good}`, '7', '"x"'), {
    text: `${broken}data: {"id":"x","result":{}}\n\n`,
    isAnswered: true,
    isAtBoundary: true,
  })
  assert.equal(whole('data: {"id":7,"result":"a\ndata: b"}\n\n', '7').isAnswered, false)
})

test('a byte order mark before the first line is none of its text', () => {
  const text = '\uFEFFdata: {"id":7,"result":{}}\n\n'
  for (const lengths of [[100], [1, 1, 1, 1], [2, 100]]) {
    assert.deepEqual(relayed(piecesOf(Buffer.from(text), lengths), '7', '8'), {
      text: 'data: {"id":8,"result":{}}\n\n',
      isAnswered: true,
      isAtBoundary: true,
    })
  }
})
