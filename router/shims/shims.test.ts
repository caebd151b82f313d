// Which shims are done for whom, and that a definition that needs none of them stays as it came.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ShimName } from '#routes/route-table.ts'
import { shownAnswer, shownTool } from './shims.ts'

const named = (...shims: readonly ShimName[]) => ({ name: 'a', shims })
const toolWith = (inputSchema: string): Buffer =>
  Buffer.from(`{ "name":"t","n":12345678901234567890,"inputSchema":${inputSchema} ,"x":[1.0]}`)
const BOTH =
  '{"type":"object","$defs":{"d":{"properties":{"id":{"type":"string"}}}},"allOf":[{"$ref":"#/$defs/d"}]}'

test('a definition changes in its input schema alone, and only for whoever needs it', () => {
  const tool = toolWith(BOTH)
  assert.equal(shownTool(undefined, tool), tool)
  assert.equal(shownTool(named('text-results', 'portable-names'), tool), tool)
  assert.equal(
    shownTool(named('flat-schemas', 'inlined-schemas'), tool).toString(),
    toolWith('{"type":"object","properties":{"id":{"type":"string"}}}').toString(),
  )
})

test('a schema that is right, that is none, or that holds a number nobody can write again stays as it is', () => {
  for (const schema of [
    '{"type":"object"}',
    '7',
    '[]',
    '{"anyOf":[],"n":12345678901234567890}',
    '{"anyOf":[],"n":1e999}',
  ]) {
    const tool = toolWith(schema)
    assert.equal(shownTool(named('flat-schemas', 'inlined-schemas'), tool), tool, schema)
  }
  const none = Buffer.from('{"name":"t"}')
  assert.equal(shownTool(named('flat-schemas'), none), none)
})

test('answers are looked at for calls of tools alone', () => {
  assert.ok(shownAnswer(named('text-results'), 'tools/call') !== undefined)
  assert.equal(shownAnswer(named('text-results'), 'prompts/get'), undefined)
  assert.equal(shownAnswer(named('flat-schemas'), 'tools/call'), undefined)
  assert.equal(shownAnswer(undefined, 'tools/call'), undefined)
})
