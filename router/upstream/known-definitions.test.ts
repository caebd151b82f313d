// A definition is looked into once, however many replicas list it, and what is remembered is bounded.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFINITION_LENGTH, KnownDefinitions } from './known-definitions.ts'

const find = (description = '') => ({ name: 'find', description, inputSchema: { type: 'object' } })

test('the same text is the very same reading, and another text is another', () => {
  const known = new KnownDefinitions()
  const first = known.read(find())
  assert.equal(known.read(find()), first)
  assert.notEqual(known.read(find('new')).digest, first.digest)
})

test('another order of the keys says the same', () => {
  const known = new KnownDefinitions()
  const { name, description, inputSchema } = find()
  assert.equal(known.read({ inputSchema, description, name }).digest, known.read(find()).digest)
})

test('a definition that is too long, or nested too deep, has no digest and a reason', () => {
  const known = new KnownDefinitions()
  const long = known.read(find('x'.repeat(DEFINITION_LENGTH)))
  assert.deepEqual([long.digest, long.facts], [undefined, 'broken'])
  assert.match(long.problem ?? '', /longer than/)
  let deep: object = {}
  for (let depth = 0; depth < 500; depth += 1) deep = { deep }
  assert.match(known.read({ ...find(), deep }).problem ?? '', /nested too deep/)
})

test('when very much is remembered it is forgotten, and read again', () => {
  const known = new KnownDefinitions()
  const first = known.read(find())
  const long = 'x'.repeat(DEFINITION_LENGTH - 1_000)
  for (let number = 0; number < 20; number += 1) known.read(find(`${number}${long}`))
  const again = known.read(find())
  assert.notEqual(again, first)
  assert.deepEqual(again, first)
})
