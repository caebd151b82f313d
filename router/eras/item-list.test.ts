// Tool definitions travel as their server wrote them, but for the name that the caller sees.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { seededRandom } from '#foundation/clock.ts'
import { jsonValue, runOf, spelt } from '#test/support/properties.ts'
import { encodeList, itemsIn, renamed } from './item-list.ts'

const TOOLS = { member: 'tools', key: 'name' } as const

const listed = (answer: string, prefix = ''): readonly string[] =>
  itemsIn(Buffer.from(answer), TOOLS).map(item =>
    renamed(item, `${prefix}${item.own}`, TOOLS).toString(),
  )

const answerWith = (tools: string): string => `{"jsonrpc":"2.0","id":1,"result":{"tools":${tools}}}`

const encoded = (...list: Parameters<typeof encodeList>): Buffer =>
  Buffer.concat(encodeList(...list))

const NOTHING = {
  member: 'tools',
  items: [],
  unavailable: [],
  serverInfo: { name: 'ringmain', version: '1' },
  ttlMs: 0,
  isPublic: false,
} as const

test('a definition without a prefix is the same bytes', () => {
  const tool = '{"name" : "a" ,"x":12345678901234567890,"inputSchema":{"properties":{"name":{}}}}'
  assert.deepEqual(listed(answerWith(`[ ${tool} , {"name":"b"}]`)), [tool, '{"name":"b"}'])
})

test('a prefix changes the name alone, whatever its spelling and place', () => {
  const rest = '"inputSchema":{"name":"x","big":12345678901234567890,"h":1e2}, "title":"\\u0041"'
  for (const [before, after] of [
    [`{"name":"a", ${rest}}`, `{"name":"crm__a", ${rest}}`],
    [`{${rest},"n\\u0061me" : "\\u4e16\\"" }`, `{${rest},"n\\u0061me" : "crm__世\\"" }`],
  ] as const)
    assert.deepEqual(listed(answerWith(`[${before}]`), 'crm__'), [after])
})

test('any definition keeps every member but its name', t => {
  fc.assert(
    fc.property(jsonValue(3), fc.string({ unit: 'grapheme' }), fc.integer(), (value, name, ink) => {
      const tool = { title: value, name, inputSchema: { name: value, value } }
      const answer = spelt({ id: 1, result: { x: value, tools: [tool] } }, seededRandom(ink))
      const [definition = ''] = listed(answer, 'p__')
      assert.deepEqual(JSON.parse(definition), { ...tool, name: `p__${name}` })
    }),
    runOf(t, 300),
  )
})

test('what is no tool hides only itself', () => {
  const tools = '[null,5,"a",[],{},{"name":5},{"name":null},{"title":"a"},{"name":"ok"}]'
  assert.deepEqual(listed(answerWith(tools), 'p__'), ['{"name":"p__ok"}'])
  assert.deepEqual(listed(answerWith(tools)), ['{"name":"ok"}'])
})

test('a definition whose name stands twice hides itself: its callers might know it by the one that was not changed', () => {
  for (const twice of [
    '{"name":"crm__delete","title":"x","name":"a"}',
    '{"name":"crm__delete","n\\u0061me":"a"}',
    '{"name":5,"name":"a"}',
  ])
    assert.deepEqual(
      listed(answerWith(`[${twice},{"name":"b","x":{"name":"c","name":"d"}}]`), 'p__'),
      ['{"name":"p__b","x":{"name":"c","name":"d"}}'],
    )
})

test('of a list that stands twice the last counts, as it does for whoever parses the answer', () => {
  const of = (name: string): string => `[{"name":"${name}"}]`
  for (const answer of [
    `{"result":{"tools":${of('a')}},"result":{"tools":${of('b')}}}`,
    `{"result":{"tools":${of('a')},"tools":${of('b')}}}`,
  ])
    assert.deepEqual(listed(answer), ['{"name":"b"}'])
  for (const answer of [
    `{"result":{"tools":${of('a')}},"result":{}}`,
    `{"result":{"tools":${of('a')},"tools":null}}`,
  ])
    assert.deepEqual(listed(answer), [])
})

test('an answer without a list of tools has none', () => {
  for (const answer of [
    '{"result":{}}',
    '{"result":[]}',
    '{"result":{"tools":{"name":"a"}}}',
    '{"error":{"tools":[{"name":"a"}]}}',
    '{"tools":[{"name":"a"}]}',
  ])
    assert.deepEqual(listed(answer), [])
})

test('a modern list says how long and for whom it holds, and who serves it', () => {
  const list = JSON.parse(encoded('modern', NOTHING).toString()) as unknown
  assert.deepEqual(list, {
    tools: [],
    resultType: 'complete',
    ttlMs: 0,
    cacheScope: 'private',
    _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'ringmain', version: '1' } },
  })
})

test('a legacy list has none of that', () => {
  assert.equal(encoded('legacy', NOTHING).toString(), '{"tools":[]}')
})

test('tools stand in their order as their bytes; cursor and silent clusters are named after them', () => {
  const items = [Buffer.from('{"name":"a","n":1e2}'), Buffer.from('{"name":"b"}')]
  assert.equal(
    encoded('legacy', {
      ...NOTHING,
      items,
      nextCursor: 'c"',
      unavailable: ['crm'],
    }).toString(),
    '{"tools":[{"name":"a","n":1e2},{"name":"b"}],"nextCursor":"c\\"","_meta":{"dev.ringmain/unavailable":["crm"]}}',
  )
})

test('each list has its own place and what tells its definitions apart', () => {
  for (const [member, key] of [
    ['prompts', 'name'],
    ['resources', 'uri'],
    ['resourceTemplates', 'uriTemplate'],
  ] as const) {
    const broken = '{"name":"x","inputSchema":{"x-mcp-header":5}}'
    const definition = `{"name":"n","uri":"u","uriTemplate":"t","x":${broken}}`
    const answer = `{"result":{"tools":[{"name":"no"}],"${member}":[${definition},{"other":"n"}]}}`
    const [item, ...more] = itemsIn(Buffer.from(answer), { member, key })
    assert.ok(item !== undefined && more.length === 0)
    assert.equal(item.definition.toString(), definition)
    const out = JSON.parse(renamed(item, 'wire', { key }).toString()) as unknown
    assert.deepEqual(out, { ...(JSON.parse(definition) as object), [key]: 'wire' })
    assert.match(encoded('legacy', { ...NOTHING, member }).toString(), new RegExp(`^{"${member}":`))
  }
})

test('a tool whose headers no client could write is left out, and nothing else', () => {
  const broken = '{"name":"a","inputSchema":{"x-mcp-header":5}}'
  assert.deepEqual(listed(answerWith(`[${broken},{"name":"b"}]`)), ['{"name":"b"}'])
})
