// A merged page on the wire: names and URIs as callers know them, and a cursor that fits only where it was given out.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSealer } from '#foundation/seal.ts'
import type { MergedList } from '#router/stages/gather.ts'
import type { VirtualServerPolicy } from '#routes/route-table.ts'
import { type CallFacts, callAs, messageAs } from '#test/support/call-facts.ts'
import { encodeMerged, openCursor } from './merged-list.ts'

const sealer = createSealer(Buffer.alloc(32, 7))
const ports = { sealer, client: { name: 'ringmain', version: '1' } }
const SERVER: VirtualServerPolicy = {
  name: 'default',
  naming: 'prefix',
  criticality: 'critical',
  members: [
    { cluster: 'crm', prefix: 'crm' },
    { cluster: 'web', prefix: 'w' },
  ],
}
const [crm, web] = SERVER.members
assert.ok(crm !== undefined && web !== undefined)

const listing = (method: string, server = SERVER): CallFacts =>
  callAs({ server, era: 'legacy', message: messageAs({ method, params: {} }) })

const list = (...names: readonly string[]): MergedList => ({
  parts: [crm, web].map(member => ({
    member,
    page: {
      items: names.map(own => ({
        own,
        definition: Buffer.from(JSON.stringify({ name: own, uri: own, uriTemplate: own })),
      })),
    },
  })),
  rest: [],
  unavailable: [],
})

const shown = (
  method: string,
  merged: MergedList,
  server = SERVER,
): Record<string, Record<string, string>[]> =>
  JSON.parse(encodeMerged(ports, listing(method, server), merged).toString()) as Record<
    string,
    Record<string, string>[]
  >

test('names and URIs bear the prefixes of their clusters', () => {
  for (const [method, member, key, expected] of [
    ['tools/list', 'tools', 'name', ['crm__a', 'w__a']],
    ['prompts/list', 'prompts', 'name', ['crm__a', 'w__a']],
    ['resources/list', 'resources', 'uri', ['crm+a', 'w+a']],
    ['resources/templates/list', 'resourceTemplates', 'uriTemplate', ['crm+a', 'w+a']],
  ] as const)
    assert.deepEqual(
      shown(method, list('a'))[member]?.map(item => item[key]),
      expected,
    )
})

test('what callers may not be shown is left out of names, and of nothing else', () => {
  const portable = { ...SERVER, names: 'portable' } as const
  const merged = list('a', 'b.c')
  assert.deepEqual(
    shown('tools/list', merged, portable)['tools']?.map(({ name }) => name),
    ['crm__a', 'w__a'],
  )
  assert.equal(shown('resources/list', merged, portable)['resources']?.length, 4)
})

test('the view that a tool names bears the prefix, too', () => {
  const definition = Buffer.from('{"name":"a","_meta":{"ui":{"resourceUri":"ui://clock"}}}')
  const merged = {
    ...list(),
    parts: [{ member: crm, page: { items: [{ own: 'a', definition }] } }],
  }
  assert.deepEqual(shown('tools/list', merged)['tools'], [
    { name: 'crm__a', _meta: { ui: { resourceUri: 'ui://crm/clock' } } },
  ])
})

test('a cursor opens for the list of the server it was made for, and for no other', () => {
  const rest = [{ cluster: 'crm', cursor: 'two' }, { cluster: 'web' }]
  const text = encodeMerged(ports, listing('tools/list'), { ...list('a'), rest }).toString()
  const { nextCursor: cursor } = JSON.parse(text) as { readonly nextCursor: string }
  assert.deepEqual(openCursor(sealer, listing('tools/list'), cursor), rest)
  assert.equal(
    openCursor(sealer, listing('tools/list', { ...SERVER, name: 'sales' }), cursor),
    undefined,
  )
  assert.equal(openCursor(sealer, listing('prompts/list'), cursor), undefined)
  assert.equal(openCursor(sealer, listing('tools/list'), `${cursor}A`), undefined)
  assert.equal(openCursor(sealer, listing('tools/list'), 'from-5'), undefined)
})
