// The guard: takes what every parser reads alike, refuses the rest with its place, and finds the spans. Held against JSON.parse.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { runOf } from '#test/support/properties.ts'
import { JsonGuard } from './json-guard.ts'
import { JSON_LIMITS, type JsonProblem } from './json-limits.ts'

const guard = new JsonGuard(Math.random)

const problemOf = (text: string | Buffer): JsonProblem | undefined => {
  const guarded = guard.check(Buffer.from(text))
  return guarded.kind === 'problem' ? guarded.problem : undefined
}

const PIECES =
  '{ } [ ] , : " "a" "b": \\ \\u d800 0 1 - . e + true null \n \0 é "\\ud83d\\ude00" "x":1 1e5 \ufeff /'.split(
    ' ',
  )

const kindOf = (text: string | Buffer): JsonProblem['kind'] | 'ok' => problemOf(text)?.kind ?? 'ok'

/** Some JSON where a tool's own arguments stand. */
const asArguments = (json: string): string => `{"params":{"name":"t","arguments":${json}}}`

test('a refusal names the rule, the byte and the path, and quotes nothing that a terminal would obey', () => {
  assert.deepEqual(problemOf(asArguments('{"a":[1,{"b~/c":tru}]}')), {
    kind: 'malformed',
    says: 'At byte 50, in /params/arguments/a/1/b~0~1c: there is no value.',
  })
  const said = problemOf(asArguments(`{"\u009b31m${'x'.repeat(240)}":{"y":1,"y":1}}`))?.says ?? ''
  assert.match(said, /^At byte \d+, in [\x20-\x7e]{1,128}: a key stands twice in one object\.$/)
})

test('each limit holds to the number', () => {
  const { depth, keysPerObject, keyBytes, values, numberChars } = JSON_LIMITS
  const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
  const object = (keys: number): string =>
    JSON.stringify(Object.fromEntries(Array.from({ length: keys }, (_, index) => [`k${index}`, 0])))
  // An element, its key and that one's value; what is left is the list's own, and the last element.
  const triples = '{"a":1},'.repeat((values - 2) / 3)
  const left = (values - 2) % 3
  const pairs: ReadonlyArray<readonly [string, string, string]> = [
    ['depth', nested(depth), nested(depth + 1)],
    ['keys', asArguments(object(keysPerObject)), asArguments(object(keysPerObject + 1))],
    [
      'key',
      asArguments(`{"${'k'.repeat(keyBytes)}":1}`),
      asArguments(`{"${'k'.repeat(keyBytes + 1)}":1}`),
    ],
    [
      'key with an escape',
      asArguments(`{"${'k'.repeat(keyBytes - 2)}\\/":1}`),
      asArguments(`{"${'k'.repeat(keyBytes - 1)}\\/":1}`),
    ],
    ['values', `[${'1,'.repeat(values - 2)}1]`, `[${'1,'.repeat(values - 1)}1]`],
    ['lists', `[${'[],'.repeat(values - 2)}[]]`, `[${'[],'.repeat(values - 1)}[]]`],
    ['objects', `[${triples}${'1,'.repeat(left)}1]`, `[${triples}${'1,'.repeat(left + 1)}1]`],
    ['number', '1'.repeat(numberChars), '1'.repeat(numberChars + 1)],
  ]
  for (const [what, most, more] of pairs) {
    assert.equal(kindOf(most), 'ok', what)
    assert.equal(kindOf(more), 'excessive', what)
  }
})

test('a key that stands twice is found among few and among many, in any spelling, and only within its own object', () => {
  for (const others of [0, 1, 7, 8, 9, 500]) {
    const keys = Array.from({ length: others }, (_, index) => `"k${index}":{"é":1,"k0":2}`)
    const withKeys = (...more: readonly string[]): string =>
      asArguments(`{${[...keys, ...more].join(',')}}`)
    assert.equal(kindOf(withKeys('"é":1', '"e":2')), 'ok', `${others}`)
    assert.equal(kindOf(withKeys('"é":1', '"\\u00e9":2')), 'ambiguous', `${others}`)
    assert.equal(kindOf(withKeys('"\\u00E9":1', '"\\u00e9":2')), 'ambiguous', `${others}`)
    if (others > 0) assert.equal(kindOf(withKeys('"\\u006b0":1')), 'ambiguous', `${others}`)
  }
})

test('keys that were aimed at one place are not looked through one by one, and fall apart for whoever draws the hash', () => {
  // The same eight letters in another order each.
  const orderOf = (index: number): string => {
    const left = Array.from('abcdefgh')
    let rest = index
    return Array.from({ length: 8 }, () => {
      const taken = rest % left.length
      rest = Math.floor(rest / left.length)
      return left.splice(taken, 1).join('')
    }).join('')
  }
  const keys = Array.from({ length: JSON_LIMITS.keysPerObject }, (_, index) => orderOf(index))
  const text = asArguments(`{${keys.map(key => `"${key}":0`).join()}}`)
  const foreseen = new JsonGuard(() => 0).check(Buffer.from(text)) // such a hash does not tell the order of letters
  assert.match(foreseen.kind === 'problem' ? foreseen.problem.says : '', /collide/)
  assert.equal(kindOf(text), 'ok')
})

test('keys that only a parser that ignores case would take for known ones are refused where they count', () => {
  for (const text of [
    '{"id":1,"ID":2}',
    '{"JSONRPC":"2.0"}',
    '{"params":{"Name":1}}',
    '{"params":{"\\u004eame":1}}',
    '{"params":{"argument\u017f":{}}}',
    '{"params":{"_meta":{"io.modelcontextprotocol/protocolversion":1}}}',
    '{"params":{"_meta":{"ProgressToken":1}}}',
    '{"params":{"ref":{"type":"ref/prompt","name":"a","Name":"b"}}}',
    '{"params":{"ref":{"TYPE":"ref/prompt"}}}',
    '{"params":{"ref":{"type":"ref/resource","Uri":"a"}}}',
  ])
    assert.equal(kindOf(text), 'ambiguous', text)
  for (const text of [
    '{"params":{"own":1,"Own":2}}',
    '{"params":{"ref":{"own":{"Name":1},"Own":2},"uri":{"Type":1}}}',
    '{"params":{"_meta":{"dev.example/X":1,"dev.example/x":2}}}',
    asArguments('{"Id":1,"id":2,"_META":3,"nAmE":4}'),
  ])
    assert.equal(kindOf(text), 'ok', text)
})

test('keys that reach into a prototype are refused at any depth and in any spelling', () => {
  for (const key of [
    '__proto__',
    'constructor',
    'prototype',
    '\\u005f_proto__',
    'constructo\\u0072',
  ])
    for (const text of [`{"${key}":1}`, `[{"a":[{"${key}":1}]}]`])
      assert.equal(kindOf(asArguments(text)), 'ambiguous', text)
  for (const value of ['"__proto__"', '{"__proto":1,"proto__":2,"constructors":3,"prototypE":4}'])
    assert.equal(kindOf(asArguments(value)), 'ok', value)
})

test('the spans are where the values stand, whatever stands around them', () => {
  const text = ' { "params" : { "name" : "t\\"" , "_meta" : { "name" : 1 } } , "id" : -1.5e3 } '
  const guarded = guard.check(Buffer.from(text))
  assert.ok(guarded.kind === 'ok')
  const at = (span: { start: number; end: number } | undefined): string =>
    text.slice(span?.start, span?.end)
  assert.equal(at(guarded.spans.id), '-1.5e3')
  assert.equal(at(guarded.spans.name), '"t\\""')
  assert.equal(at(guarded.spans.params), '{ "name" : "t\\"" , "_meta" : { "name" : 1 } }')
})

test('whatever JSON.parse refuses is malformed; whatever it takes is never called so', t => {
  const piece = fc.constantFrom(...PIECES)
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), pieces => {
      const text = pieces.join('')
      const isTaken = parses(`[${text}]`) && !text.includes('\\ud800')
      const kind = kindOf(asArguments(`[${text}]`))
      // What breaks a rule is not read to its end: nothing is known of the rest.
      if (kind === 'ok' || kind === 'malformed')
        assert.equal(kind === 'ok', isTaken, JSON.stringify(text))
    }),
    runOf(t, 20_000),
  )
})

test('any value is taken in any spelling of its text, and found again by its bytes', t => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(3), (value, indent) => {
      const json = JSON.stringify(value, undefined, indent)
      const kind = kindOf(asArguments(json))
      const isRefused = /"(?:__proto__|constructor|prototype)"|\\[u\w]/.test(json)
      assert.ok(kind === 'ok' || isRefused, json)
    }),
    runOf(t, 2_000),
  )
})

test('in a long string every byte counts, wherever it stands', () => {
  for (let at = 240; at < 290; at += 1)
    for (const [piece, expected] of [
      ['"', 'malformed'],
      ['\\', 'malformed'],
      ['\n', 'malformed'],
      ['\u001f', 'malformed'],
      ['\\n', 'ok'],
      [' !#[]\u007f', 'ok'],
      ['é\u00ff世😀', 'ok'],
    ] as const) {
      const text = `["${'x'.repeat(at)}${piece}${'y'.repeat(300 - at)}"]`
      assert.equal(kindOf(text), expected, `${JSON.stringify(piece)} at ${at}`)
      assert.equal(parses(text), expected === 'ok')
    }
})

test('one guard keeps nothing from one text to the next', () => {
  const many = asArguments(
    JSON.stringify(Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`k${i}`, i]))),
  )
  for (let round = 0; round < 3; round += 1) {
    assert.equal(kindOf(many), 'ok')
    assert.equal(kindOf('{"params":'), 'malformed')
    assert.equal(kindOf(asArguments('{"k1":{"k1":1}}')), 'ok')
  }
  const none = guard.check(Buffer.from('{}'))
  assert.deepEqual(none, { kind: 'ok', spans: {} })
})

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
