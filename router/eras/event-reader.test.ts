// Events of a tool server, whole, on any split of the bytes and bounded.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventReader } from './event-reader.ts'

interface Read {
  readonly seen: readonly string[]
  readonly isBroken: boolean
}

function read(pieces: readonly (string | Buffer)[], mostBytes = 1_000): Read {
  const seen: string[] = []
  const reader = new EventReader({
    mostBytes,
    onEvent: ({ id, data, retryMs }) =>
      seen.push(
        `${id ?? '-'} ${data?.toString() ?? '-'}${retryMs === undefined ? '' : ` ${retryMs}`}`,
      ),
  })
  for (const piece of pieces) reader.push(Buffer.from(piece))
  return { seen, isBroken: reader.isBroken }
}

const STREAM =
  '\uFEFF: hi\r\n\r\nid: 1\ndata: \n\nretry: 500\revent: message\rid: 2\rdata: {"a":\rdata:  1}\r\r' +
  'event: other\ndata: x\n\ndata:{}\n\nid: é\ndata: 5\n\ndata\n\nretry: 6\nretry: 7\nretry: x\n\n'

test('messages, ids and pauses come out alike on every split', () => {
  const expected = ['1 -', '2 {"a":\n 1} 500', '- {}', '- 5', '- - 7']
  const bytes = Buffer.from(STREAM)
  assert.deepEqual(read([STREAM]).seen, expected)
  for (let at = 1; at < bytes.length; at += 1)
    assert.deepEqual(read([bytes.subarray(0, at), bytes.subarray(at)]).seen, expected, String(at))
  assert.deepEqual(read([...bytes].map(byte => Buffer.from([byte]))).seen, expected)
})

test('an event that is too long, or no UTF-8, ends the reading', () => {
  assert.equal(read([`data: ${'x'.repeat(1_000)}\n\n`]).isBroken, false)
  assert.deepEqual(read([`data: ${'x'.repeat(1_001)}\n\n`]), { seen: [], isBroken: true })
  assert.equal(read([`data: ${'x'.repeat(70_000)}`]).isBroken, true)
  assert.equal(read([`: ${'x'.repeat(60_000)}\n`, `: ${'x'.repeat(60_000)}\n`]).isBroken, true)
  assert.equal(read([Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0x0a, 0x0a])]).isBroken, true)
})

test('comments between events have no end', () => {
  const { seen, isBroken } = read(Array.from({ length: 10_000 }, () => ': still here\n\n'))
  assert.deepEqual(seen, [])
  assert.equal(isBroken, false)
})

test('an end of a line is looked for once in each byte, however many lines there are', () => {
  for (const end of ['\n', '\r', 'x\n', 'x\r']) {
    const chunk = Buffer.from(end.repeat(10_000))
    let looked = 0
    const indexOf = chunk.indexOf.bind(chunk) as (byte: number, from: number) => number
    const counted = (byte: number, from: number): number => {
      const at = indexOf(byte, from)
      looked += (at === -1 ? chunk.length : at + 1) - from
      return at
    }
    Object.assign(chunk, { indexOf: counted })
    new EventReader({ mostBytes: 100_000, onEvent: () => undefined }).push(chunk)
    assert.ok(looked > 0 && looked <= 2 * chunk.length, `${JSON.stringify(end)}: ${looked}`)
  }
})
