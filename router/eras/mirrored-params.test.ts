// Which headers an argument may come with, value by value: what is there has its header, what no header can say is refused,
// and numbers are compared by their digits, never by what a parser made of them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Mirror, ToolFacts } from '#router/tool-facts.ts'
import { runOf } from '#test/support/properties.ts'
import { messageFrom } from '#test/support/read-message.ts'
import { encodeHeaderValue } from './header-value.ts'
import { type HeaderList, type Mirrored, mirrorForEra } from './mirrored-params.ts'

const mirror = (key: string, type: Mirror['type']): Mirror => ({
  header: `mcp-param-${key}`,
  path: ['in', key],
  type,
})
const TOOL: ToolFacts = {
  mirrors: [mirror('s', 'string'), mirror('n', 'integer'), mirror('b', 'boolean')],
}

function mirrored(args: string, came: HeaderList, tool: ToolFacts | undefined = TOOL): Mirrored {
  const read = messageFrom(
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","_meta":{"in":{"n":1}},"arguments":${args}}}`,
  )
  assert.ok(read.kind === 'ok', args)
  return mirrorForEra(tool, { era: 'modern', message: read.value, paramHeaders: came })
}

/** What one argument is told that comes with this header, or with none: the header that goes on, or why not. */
function told(key: 's' | 'n' | 'b', json: string, text?: string): string | undefined {
  const header = `mcp-param-${key}`
  const outcome = mirrored(`{"in":{"${key}":${json}}}`, text === undefined ? [] : [[header, text]])
  if (outcome.kind === 'ok') return outcome.headers.find(([name]) => name === header)?.[1]
  assert.equal(outcome.header, header)
  return outcome.says
}

const MISSING = 'It is missing, and the argument it mirrors is there.'
const ABSENT = 'It is there, and the argument it mirrors is not.'
const OTHER = 'It does not say what the argument says.'

test('a value that is not of its declared type needs its header like any other, and goes on with it', () => {
  for (const [key, json, text] of [
    ['n', '"42"', '42'],
    ['n', '"a b"', 'a b'],
    ['n', '""', ''],
    ['n', '42.5', '42.5'],
    ['n', '0.1', '0.1'],
    ['n', '1e-7', '1e-7'],
    ['n', 'true', 'true'],
    ['s', '42', '42'],
    ['s', 'false', 'false'],
    ['b', '"true"', 'true'],
    ['b', '1', '1'],
  ] as const) {
    assert.equal(told(key, json), MISSING, `${key} ${json}`)
    assert.equal(told(key, json, text), text, `${key} ${json}`)
    assert.equal(told(key, json, `${text}0x`), OTHER, `${key} ${json}`)
  }
})

test('only a number that is declared one is compared as a number', () => {
  assert.equal(told('n', '42', '42.0'), '42')
  assert.equal(told('n', '42.50', '42.5'), '42.5')
  for (const [key, json] of [
    ['n', '"42"'],
    ['s', '42'],
    ['b', '42'],
  ] as const)
    assert.equal(told(key, json, '42.0'), OTHER, `${key} ${json}`)
})

test('what is absent or null has no header, and where nothing can say the value it is refused', () => {
  for (const args of [
    'null',
    '{}',
    '{"in":null}',
    '{"in":"x"}',
    '{"in":[]}',
    '{"in":{"s":null}}',
  ]) {
    assert.deepEqual(mirrored(args, []), { kind: 'ok', headers: [], dropped: 0 }, args)
    const stated = mirrored(args, [['mcp-param-s', 'null']])
    assert.deepEqual(stated, { kind: 'mismatch', header: 'mcp-param-s', says: ABSENT }, args)
  }
  for (const json of ['[]', '{}', '["eu"]', '{"s":"eu"}'])
    for (const text of [undefined, '', 'eu', json])
      assert.equal(
        told('s', json, text),
        'The value at /params/arguments/in/s is neither a string nor a number nor a boolean.',
      )
})

test('a number that a parser would change is refused with its place, whatever its header says', () => {
  for (const json of [
    '9007199254740993',
    '9007199254740992',
    '-9007199254740993',
    '41.99999999999999999',
    '42.00000000000000000001',
    '1e21',
    '1e-400',
    '0.10000000000000000555111512312',
    '1e-99999999999999999999',
  ])
    for (const key of ['n', 's'] as const)
      for (const text of [undefined, '42', json, String(Number(json))])
        assert.equal(
          told(key, json, text),
          `The number at /params/arguments/in/${key} is not one that every parser reads alike.`,
          `${key} ${json} under ${text}`,
        )
  const between = mirrored('{"in":{"x":{"n":1},"n":9007199254740993,"y":[{"n":2}]}}', [])
  assert.equal(between.kind, 'mismatch')
})

test('the header of a number is held to its digits too', () => {
  for (const text of [
    '41.99999999999999999',
    '42.00000000000000000001',
    '042',
    '+42',
    '4.2e1',
    '42.',
    `42.${'0'.repeat(62)}`,
  ])
    assert.equal(told('n', '42', text), OTHER, text)
  for (const json of ['42', '42.0', '4.2e1', '420E-1'])
    for (const text of ['42', '42.0', '42.00']) assert.equal(told('n', json, text), '42', json)
  for (const json of ['0', '-0', '0.0', '0e5'])
    for (const text of ['0', '-0', '0.0']) assert.equal(told('n', json, text), '0', json)
})

test('an integer has the header of the same integer and no other', t => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (one, other) => {
      assert.equal(told('n', String(one), String(one)), String(one))
      assert.equal(told('n', `${one}.0`, String(one)), String(one))
      if (one !== other) assert.equal(told('n', String(one), String(other)), OTHER)
    }),
    runOf(t, 300),
  )
})

test('a header is read up to 8,192 characters and no further', () => {
  const [longest, longer] = ['x'.repeat(8_192), 'x'.repeat(8_193)]
  assert.equal(told('s', JSON.stringify(longest), longest), longest)
  const says = 'It is longer than 8192 characters.'
  assert.equal(told('s', JSON.stringify(longer), longer), says)
  assert.equal(told('n', '42', '4'.repeat(8_193)), says)
})

test('where the tool is not known its headers go on as they are, but for what no server could read', () => {
  const read = messageFrom('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}')
  assert.ok(read.kind === 'ok')
  const call = { era: 'modern', message: read.value } as const
  const unknown = (text: string): Mirrored =>
    mirrorForEra(undefined, { ...call, paramHeaders: [['mcp-param-x', text]] })
  for (const text of ['', 'eu', encodeHeaderValue('é'), '=?base64?', 'x'.repeat(8_192)]) {
    const headers = [['mcp-param-x', text]]
    assert.deepEqual(unknown(text), { kind: 'ok', headers, dropped: 0, isUnchecked: true })
  }
  for (const text of ['=?base64?eA?=', '=?base64?/w==?=', 'x'.repeat(8_193)])
    assert.equal(unknown(text).kind, 'mismatch', text.slice(0, 20))
})

test('of a legacy caller no header counts, and none goes on', () => {
  const read = messageFrom('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}')
  assert.ok(read.kind === 'ok')
  const call = { message: read.value, paramHeaders: [['mcp-param-s', 'x']] } as const
  const outcome = mirrorForEra(TOOL, { era: 'legacy', ...call })
  assert.deepEqual(outcome, { kind: 'ok', headers: [], dropped: 0 })
})
