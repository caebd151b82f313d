// Where a stream stands goes to its caller and comes back, and what was made up opens nothing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventId, openEventId, type Position } from './event-ids.ts'

const CALL: Position = {
  kind: 'call',
  part: 1,
  last: 'a-7',
  upstreamIdJson: '41',
  callerIdJson: '"é"',
}

test('a position comes back as it went, in characters of a header', () => {
  const session: Position = {
    kind: 'session',
    lasts: new Map([
      [0, 'x'],
      [2, '_y/1'],
    ]),
  }
  for (const position of [CALL, session]) {
    const id = eventId(position) ?? assert.fail('it is too long')
    assert.match(id, /^[A-Za-z0-9_-]+$/)
    assert.deepEqual(openEventId(id), position)
  }
})

test('one that could not come back is not given out', () => {
  const lasts = new Map(Array.from({ length: 10 }, (_, part) => [part, 'x'.repeat(1_000)] as const))
  assert.equal(eventId({ kind: 'session', lasts }), undefined)
  assert.equal(eventId({ kind: 'session', lasts: new Map([[0, 'a b']]) }), undefined)
})

test('what was made up is none', () => {
  const made = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  for (const id of [
    '',
    'x',
    made(null),
    made([]),
    made({ c: [0, 'a', '1'] }),
    made({ c: [0, 'a b', '1', '1'] }),
    made({ c: [0, 'a', '1', '1,"x":2'] }),
    made({ c: [0, 'a', '1', '{}'] }),
    made({ c: [0, 'a', 1, '1'] }),
    made({ c: [0, 'a', '1', 1] }),
    made({ s: [[0]] }),
    made({ s: [['0', 'a']] }),
    made({ s: 'x' }),
    'x'.repeat(9_000),
  ])
    assert.equal(openEventId(id), undefined, id)
  assert.deepEqual(openEventId(made({ s: [] })), { kind: 'session', lasts: new Map() })
})
