// Text from a command line becomes arguments by the tool's own schema, or is refused with what would be right.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missingArguments, namesOf, parseArguments, usageOf } from './call-arguments.ts'
import { EXIT, Failure } from './failure.ts'

const schema = {
  type: 'object',
  properties: {
    query: { type: 'string' },
    limit: { type: 'integer' },
    amount: { type: 'number' },
    isUrgent: { type: 'boolean' },
    tags: { type: 'array', items: { type: 'string' } },
    counts: { type: 'array', items: { type: 'integer' } },
    filter: { type: 'object' },
    level: { enum: [1, 2] },
    owner: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
    anything: {},
  },
  required: ['query', 'limit'],
  additionalProperties: false,
}

const usage = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Failure, String(error))
  assert.equal(error.exitCode, EXIT.usage)
  assert.match(error.parts.what, pattern)
  return true
}

test('text is read as what the schema asks for', () => {
  assert.deepEqual(
    parseArguments(
      ['query=12', 'limit=12', 'amount=-1.5e2', 'isUrgent=false', 'level=2', 'owner=null'],
      schema,
    ),
    { query: '12', limit: 12, amount: -150, isUrgent: false, level: 2, owner: null },
  )
})

test('only the first equals sign divides, and text may be empty', () => {
  assert.deepEqual(parseArguments(['query=a=b', 'anything='], schema), {
    query: 'a=b',
    anything: '',
  })
})

test('a list grows with each repetition, item by item', () => {
  assert.deepEqual(parseArguments(['tags=a', 'counts=1', 'tags=b'], schema), {
    tags: ['a', 'b'],
    counts: [1],
  })
})

test('what is written with := is JSON, whatever the schema says', () => {
  assert.deepEqual(parseArguments(['filter:={"a":[1]}', 'tags:=["x"]', 'anything:=7'], schema), {
    filter: { a: [1] },
    tags: ['x'],
    anything: 7,
  })
})

test('text that does not fit its type is refused with the type', () => {
  assert.throws(() => parseArguments(['limit=1.5'], schema), usage(/limit must be a whole number/))
  assert.throws(() => parseArguments(['limit='], schema), usage(/whole number, got ""/))
  assert.throws(() => parseArguments(['amount=0x10'], schema), usage(/amount must be a number/))
  assert.throws(() => parseArguments(['isUrgent=yes'], schema), usage(/true or false/))
  assert.throws(() => parseArguments(['filter=a'], schema), usage(/JSON, written with :=/))
  assert.throws(() => parseArguments(['filter:={a}'], schema), usage(/is not JSON/))
  assert.throws(() => parseArguments(['counts=x'], schema), usage(/counts must be a whole number/))
})

test('a number that JavaScript would change is refused rather than sent as another', () => {
  assert.throws(() => parseArguments(['limit=9007199254740993'], schema), usage(/whole number/))
})

test('an unknown argument is refused with the nearest name, unless the tool takes any', () => {
  assert.throws(
    () => parseArguments(['quary=x'], schema),
    (error: unknown) =>
      usage(/no argument "quary"/)(error) && (error as Failure).parts.next === '--arg query=…',
  )
  assert.deepEqual(parseArguments(['free=x'], { type: 'object' }), { free: 'x' })
})

test('an argument without a name or given twice is refused', () => {
  assert.throws(() => parseArguments(['query'], schema), usage(/name=value/))
  assert.throws(() => parseArguments(['=x'], schema), usage(/name=value/))
  assert.throws(() => parseArguments(['query=a', 'query=b'], schema), usage(/given twice/))
})

test('a name such as __proto__ is an argument like any other', () => {
  const values = parseArguments(['__proto__:={"a":1}'], { type: 'object' })
  assert.deepEqual(Object.keys(values), ['__proto__'])
  assert.equal(Object.getPrototypeOf(values), Object.prototype)
})

test('missing arguments are those that the schema requires', () => {
  assert.deepEqual(missingArguments({ query: 'x' }, schema), ['limit'])
  assert.deepEqual(missingArguments({}, {}), [])
})

test('a usage line marks what may be left out', () => {
  const small = { properties: { query: {}, limit: {} }, required: ['query'] }
  assert.equal(usageOf(small), '--arg query=… [--arg limit=…]')
  assert.equal(namesOf(small), 'query, [limit]')
})
