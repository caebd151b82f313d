// A merged page on the wire: names and URIs as callers know them, and a cursor that fits only where it was given out.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSealer } from '#foundation/seal.ts'
import { encodeList } from '#router/eras/item-list.ts'
import type { MergedList } from '#router/stages/gather.ts'
import type { VirtualServerPolicy } from '#routes/route-table.ts'
import { type CallFacts, callAs, messageAs } from '#test/support/call-facts.ts'
import { MergedLists, openCursor, type Rivals } from './merged-list.ts'

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
    leftMs: 1_000,
    page: {
      ttlMs: 0,
      isPublic: true,
      items: names.map(own => ({
        own,
        definition: Buffer.from(JSON.stringify({ name: own, uri: own, uriTemplate: own })),
      })),
    },
  })),
  rest: [],
  unavailable: [],
})

/** As a caller gets it. */
const written = (
  lists: MergedLists,
  call: CallFacts,
  merged: MergedList,
  how: { readonly rivals?: Rivals; readonly mayBePublic?: boolean } = {},
): string => {
  const joined = lists.join(call, merged, {
    rivals: how.rivals,
    mayBePublic: () => how.mayBePublic === true,
  })
  return Buffer.concat(encodeList(call.era, joined)).toString()
}

const shown = (
  method: string,
  merged: MergedList,
  server = SERVER,
): Record<string, Record<string, string>[]> =>
  JSON.parse(written(new MergedLists(ports), listing(method, server), merged)) as Record<
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
    parts: [
      {
        member: crm,
        leftMs: 0,
        page: { ttlMs: 0, isPublic: false, items: [{ own: 'a', definition }] },
      },
    ],
  }
  assert.deepEqual(shown('tools/list', merged)['tools'], [
    { name: 'crm__a', _meta: { ui: { resourceUri: 'ui://crm/clock' } } },
  ])
})

test('a cursor opens for the list of the server it was made for, and for no other', () => {
  const rest = [{ cluster: 'crm', cursor: 'two' }, { cluster: 'web' }]
  const text = written(new MergedLists(ports), listing('tools/list'), { ...list('a'), rest })
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

test('a list holds as long as the part that ends first, and is public where all of it is and may be', () => {
  const told = (merged: MergedList, mayBePublic: boolean): readonly unknown[] => {
    const call = callAs({
      server: SERVER,
      message: messageAs({ method: 'tools/list', params: {} }),
    })
    const text = written(new MergedLists(ports), call, merged, { mayBePublic })
    const { ttlMs, cacheScope } = JSON.parse(text) as { ttlMs: number; cacheScope: string }
    return [ttlMs, cacheScope]
  }
  const whole = list('a')
  const [one, two] = whole.parts
  assert.ok(one !== undefined && two !== undefined)
  assert.deepEqual(told(whole, true), [1_000, 'public'])
  assert.deepEqual(told(whole, false), [1_000, 'private'])
  assert.deepEqual(told({ ...whole, unavailable: ['web'] }, true), [0, 'public'])
  const { page } = two
  const shorter = { ...two, leftMs: 7.5, page: { ...page, isPublic: false } }
  assert.deepEqual(told({ ...whole, parts: [one, shorter] }, true), [7, 'private'])
  assert.deepEqual(told({ ...whole, parts: [] }, true), [0, 'private'])
})

test('what was written of a page for one server is not what another sees', () => {
  const lists = new MergedLists(ports)
  const merged = list('a', 'b.c')
  const names = (server: VirtualServerPolicy): readonly string[] => {
    const text = written(lists, listing('tools/list', server), merged)
    return (JSON.parse(text) as { tools: { name: string }[] }).tools.map(({ name }) => name)
  }
  const all = ['crm__a', 'crm__b.c', 'w__a', 'w__b.c']
  for (let turn = 0; turn < 2; turn += 1) {
    assert.deepEqual(names(SERVER), all)
    assert.deepEqual(names({ ...SERVER, names: 'portable' }), ['crm__a', 'w__a'])
  }
})

const PLAIN: typeof SERVER = {
  ...SERVER,
  naming: 'plain',
  members: [{ cluster: 'crm' }, { cluster: 'web' }],
}

test('a plain name that two clusters offer is listed by neither, as soon as both offer it', () => {
  const offered = new Set(['crm a', 'crm b', 'web a'])
  const told: string[] = []
  const lists = new MergedLists({
    ...ports,
    onLeftOut: ({ cluster, leftOut }) =>
      leftOut.length > 0 &&
      told.push(`${cluster} ${leftOut.map(({ own, why }) => `${own}: ${why}`).join()}`),
  })
  const [one, other] = PLAIN.members
  assert.ok(one !== undefined && other !== undefined)
  const [first, second] = [list('a', 'b').parts[0], list('a').parts[1]]
  assert.ok(first !== undefined && second !== undefined)
  const parts = [
    { ...first, member: one },
    { ...second, member: other },
  ]
  const names = (method: string, server = PLAIN): readonly unknown[] => {
    const merged = { parts, rest: [], unavailable: [] }
    const rivals: Rivals = {
      version: String(offered.size),
      offers: (cluster, own) => offered.has(`${cluster} ${own}`),
    }
    const text = written(lists, listing(method, server), merged, { rivals })
    const [items = []] = Object.values(JSON.parse(text) as Record<string, { name: string }[]>)
    return items.map(({ name }) => name)
  }
  assert.deepEqual(names('tools/list'), ['b'])
  assert.deepEqual(told, [
    'crm a: another cluster offers the same plain name',
    'web a: another cluster offers the same plain name',
  ])
  assert.deepEqual(names('tools/list'), ['b'])
  assert.equal(told.length, 2, 'what stands is not told again')
  offered.delete('web a')
  assert.ok(names('tools/list').includes('a'), 'it is nobody else’s now')
})
