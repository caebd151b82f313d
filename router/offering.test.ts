// A plain name belongs to whoever lists it, on whichever page, by itself or by a template.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RefusalCode } from '#foundation/refusals.ts'
import { callAs, messageAs } from '#test/support/call-facts.ts'
import type { Subject } from './methods.ts'
import { offering } from './offering.ts'

const server = {
  name: 'default',
  naming: 'plain',
  criticality: 'critical',
  members: [{ cluster: 'a' }, { cluster: 'b' }, { cluster: 'c' }],
} as const

/** By cluster and method, the pages. */
const LISTED: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'a prompts/list': [['one'], ['two', 'both']],
  'b prompts/list': [['both']],
  'a resources/list': [['file:///a']],
  'b resources/templates/list': [['db:///{table}/{id}']],
}

const ownersOf = async (kind: Subject['kind'], name: string): Promise<readonly string[]> => {
  const find = offering((call, { cluster }, cursor) => {
    const pages = LISTED[`${cluster} ${call.message.method}`]
    const code: RefusalCode = 'RINGMAIN_NO_HEALTHY_REPLICA'
    if (pages === undefined) return Promise.resolve({ kind: 'refuse', refusal: { code } })
    const at = Number(cursor ?? 0)
    const items = (pages[at] ?? []).map(own => ({ own, definition: Buffer.alloc(0) }))
    const more = at + 1 < pages.length ? { nextCursor: String(at + 1) } : {}
    return Promise.resolve({
      kind: 'page',
      page: { items, ttlMs: 0, isPublic: false, ...more },
      leftMs: 0,
    })
  })
  const found = await find(callAs({ server, message: messageAs() }), { kind, name, path: ['name'] })
  assert.ok(found.every(({ own }) => own === name))
  return found.map(({ member }) => member.cluster)
}

test('prompts and resources belong to those that list them', async () => {
  assert.deepEqual(await ownersOf('prompt', 'two'), ['a'])
  assert.deepEqual(await ownersOf('prompt', 'both'), ['a', 'b'])
  assert.deepEqual(await ownersOf('prompt', 'none'), [])
  assert.deepEqual(await ownersOf('resource', 'file:///a'), ['a'])
  assert.deepEqual(await ownersOf('resource', 'db:///users/7'), ['b'])
  assert.deepEqual(await ownersOf('resource', 'db:///{table}/{id}'), ['b'])
  assert.deepEqual(await ownersOf('resource', 'db:///users'), [])
})
