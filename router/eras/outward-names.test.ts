// What an answer speaks of bears the caller's names, at the places that the specification gives them, on any split and in any spelling.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { seededRandom } from '#foundation/clock.ts'
import type { Outward } from '#router/facts.ts'
import { cuts, jsonValue, piecesOf, runOf, spelt } from '#test/support/properties.ts'
import { relayed } from '#test/support/relayed.ts'
import { outwardDefinition } from './outward-names.ts'

const OUTWARD: Required<Outward> = {
  uri: own => `crm+${own}`,
  taskId: own => `sealed ${own}`,
}
const answer = (result: unknown): object => ({ jsonrpc: '2.0', id: 7, result })

const text = { type: 'text', text: 'see file:///a', uri_: 'file:///a', _meta: { uri: 'file:///a' } }
const link = (uri: string): object => ({ type: 'resource_link', name: 'a', uri })
const embedded = (uri: string): object => ({
  type: 'resource',
  resource: { uri, text: '{"uri":"file:///a"}' },
})
const view = (uri: string): object => ({
  other: { resourceUri: 'ui://a' },
  ui: { resourceUri: uri, uri: 'ui://a' },
  'ui/resourceUri': uri,
})

/** Results of every kind, with these names for what they speak of. */
const results = (uri: string, task: string): readonly object[] => [
  {
    contents: [
      { uri, text: 'x' },
      { uri, blob: 'AA==' },
    ],
    uri: 'file:///a',
  },
  {
    content: [text, link(uri), embedded(uri)],
    structuredContent: { uri: 'u', content: [link('u')] },
  },
  { content: [], _meta: view(uri), isError: true },
  {
    description: 'd',
    messages: [
      { role: 'user', content: embedded(uri) },
      { role: 'user', content: text },
    ],
  },
  { resultType: 'task', taskId: task, status: 'working', statusMessage: 'file:///a' },
  {
    taskId: task,
    status: 'completed',
    result: { content: [link(uri)], _meta: view(uri), taskId: 'inner' },
  },
]

async function sent(pieces: readonly Buffer[], isStream: boolean): Promise<string> {
  const { caller, body, done } = relayed({ isStream, outward: OUTWARD })
  for (const piece of pieces) body.data(piece)
  body.end()
  await done
  return caller.text()
}

test('every kind of result, and nothing beside its names, on any split and in any spelling', async t => {
  const own = results('file:///a', 't1')
  const wire = results('crm+file:///a', 'sealed t1')
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: own.length - 1 }),
      fc.integer(),
      cuts,
      jsonValue(2),
      async (at, ink, lengths, more) => {
        const json = spelt(answer({ ...own[at], more }), seededRandom(ink))
        const out = await sent(piecesOf(Buffer.from(json), lengths), false)
        const expected = { ...answer({ ...wire[at], more }), id: 'x' }
        assert.deepEqual(JSON.parse(out), JSON.parse(JSON.stringify(expected)))
      },
    ),
    runOf(t, 400),
  )
})

test('in a stream as well, over lines that end anywhere between two values', async t => {
  const update = {
    jsonrpc: '2.0',
    method: 'notifications/resources/updated',
    params: { uri: 'x:1' },
  }
  await fc.assert(
    fc.asyncProperty(fc.integer(), cuts, async (ink, lengths) => {
      const random = seededRandom(ink)
      const lines = (value: unknown): string =>
        spelt(value, random)
          .split(/\r\n|\r|\n/)
          .map(line => `data: ${line}\n`)
          .join('')
      const events = [update, answer(results('x:2', 't')[1])].map(lines).join('\n')
      const out = await sent(piecesOf(Buffer.from(`${events}\n`), lengths), true)
      const messages = out
        .split('\n\n')
        .filter(event => event !== '')
        .map(event => JSON.parse(event.replaceAll(/^(?:data: ?|event: .*$)/gm, '')) as unknown)
      assert.deepEqual(messages, [
        { ...update, params: { uri: 'crm+x:1' } },
        { ...answer(results('crm+x:2', 't')[1]), id: 'x' },
      ])
    }),
    runOf(t, 300),
  )
})

test('what stands where a name should and is none goes on as it came', async () => {
  for (const uri of [7, null, true, { uri: 'a' }, ['a'], {}]) {
    const json = JSON.stringify(answer({ contents: [{ uri }] }))
    assert.equal(await sent([Buffer.from(json)], false), json.replace('"id":7', '"id":"x"'))
  }
})

test('a name that no caller could send back makes the answer a broken one', async () => {
  const long = (length: number): Buffer =>
    Buffer.from(JSON.stringify(answer({ contents: [{ uri: 'a'.repeat(length) }] })))
  assert.match(await sent([long(8_000)], false), /"crm\+aaa/)
  for (const pieces of [
    [long(9_000)],
    piecesOf(
      long(9_000),
      Array.from({ length: 90 }, () => 100),
    ),
  ])
    assert.equal(await sent(pieces, false), '<RINGMAIN_UPSTREAM_BAD_RESPONSE>')
  const list = JSON.stringify(
    answer({ contents: [{ uri: Array.from({ length: 5_000 }, () => 1) }] }),
  )
  assert.match(await sent([Buffer.from(list)], false), /\[1,1,1/)
})

test('what is no JSON is as broken as ever', async () => {
  for (const json of [
    '{"jsonrpc":"2.0","id":7,"result":{"contents":[{"uri":"a}]}}',
    '{"result":{"contents":[{"uri":"a"}}}',
  ])
    assert.equal(await sent([Buffer.from(json)], false), '<RINGMAIN_UPSTREAM_BAD_RESPONSE>')
})

test('an error goes past as it is', async () => {
  const json =
    '{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"no","data":{"uri":"file:///a"}}}'
  assert.equal(await sent([Buffer.from(json)], false), json.replace('"id":7', '"id":"x"'))
})

test('a definition names its view as callers know it', () => {
  const definition = (uri: string): object => ({
    name: 'a',
    uri: 'file:///a',
    _meta: view(uri),
    inputSchema: { properties: { uri: {} } },
  })
  const out = outwardDefinition(Buffer.from(JSON.stringify(definition('ui://a'))), OUTWARD)
  assert.deepEqual(JSON.parse(out.toString()), definition('crm+ui://a'))
})
