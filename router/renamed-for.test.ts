// Back from a made name to what it was made of: for whom it was made alone, by the list in which it stood.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ShimName } from '#routes/route-table.ts'
import { callAs, messageAs } from '#test/support/call-facts.ts'
import { EMPTY_PAGE } from '#test/support/no-catalog.ts'
import { renamedBy } from './renamed-for.ts'
import { portableName } from './shims/portable-names.ts'
import type { Lists, PageAnswer } from './stages/gather.ts'

const { server } = callAs()
const [member] = server.members
assert.ok(member !== undefined)
const madeOf = (own: string): string => portableName(server, member, own) ?? assert.fail(own)

const pageOf = (...owns: readonly string[]): PageAnswer => ({
  kind: 'page',
  page: {
    items: owns.map(own => ({ own, definition: Buffer.from('{}') })),
    ttlMs: 0,
    isPublic: false,
  },
  leftMs: 0,
})

/** What a name is that a list of these holds, and how often a list was looked at. */
async function found(
  name: string,
  {
    owns = ['a.b', 'c.d'],
    kind = 'tool',
    shims = ['portable-names'],
  }: {
    readonly owns?: readonly string[]
    readonly kind?: 'tool' | 'prompt' | 'resource'
    readonly shims?: readonly ShimName[]
  } = {},
): Promise<readonly [own: string | undefined, asked: readonly string[]]> {
  const asked: string[] = []
  const page: Lists['page'] = ({ message }) => {
    asked.push(message.method)
    return Promise.resolve(owns.length === 0 ? EMPTY_PAGE : pageOf(...owns))
  }
  const call = callAs({ assistant: { name: 'picky', shims }, message: messageAs() })
  const owned = await renamedBy(page)(call, { kind, name, path: ['name'] })
  return [owned?.own, asked]
}

test('a made name is what it was made of, of tools and of prompts', async () => {
  assert.deepEqual(await found(madeOf('c.d')), ['c.d', ['tools/list']])
  assert.deepEqual(await found(madeOf('a.b'), { kind: 'prompt' }), ['a.b', ['prompts/list']])
})

test('one that nothing was made of is none, and neither is one that somebody has of himself', async () => {
  const made = madeOf('c.d')
  assert.deepEqual(await found(made, { owns: ['a.b'] }), [undefined, ['tools/list']])
  assert.deepEqual(await found(made, { owns: [] }), [undefined, ['tools/list']])
  const own = made.slice(made.indexOf('__') < 0 ? 0 : made.indexOf('__') + 2)
  assert.deepEqual(await found(made, { owns: ['c.d', own] }), [undefined, ['tools/list']])
})

test('no list is looked at for whoever is shown names as they are, or for a name that was not made', async () => {
  const made = madeOf('c.d')
  assert.deepEqual(await found(made, { shims: ['flat-schemas'] }), [undefined, []])
  assert.deepEqual(await found(made, { kind: 'resource' }), [undefined, []])
  assert.deepEqual(await found('crm__find'), [undefined, []])
  assert.deepEqual(await found('other__a_b_12345678').then(([own]) => own), undefined)
})
