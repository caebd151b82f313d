// What a check makes of lists of tools that cannot be compared, and of the two lists of a replica of both eras.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { KnownList } from '#router/clusters/endpoint.ts'
import { checked } from '#test/support/checked-replica.ts'
import { HEALTH } from '#test/support/cluster-policy.ts'
import {
  type Asked,
  legacyScript,
  MODERN_SCRIPT,
  type Script,
} from '#test/support/small-replica.ts'

type Lists = Partial<Record<'modern' | 'legacy', KnownList>>

async function listsOf(t: TestContext, script: Script): Promise<Lists> {
  const { check } = await checked(t, script)
  const result = await check()
  assert.ok(result.ok)
  return result.learned?.lists ?? assert.fail('nothing was learned')
}

const listing =
  (...tools: readonly object[]) =>
  ({ result }: Asked): void =>
    result({ tools })

const modernList = async (t: TestContext, answer: (asked: Asked) => void): Promise<KnownList> =>
  (await listsOf(t, { ...MODERN_SCRIPT, 'tools/list': answer })).modern ?? assert.fail('no list')

const nested = (leaf: object, depth: number): object =>
  depth === 0 ? leaf : { inner: nested(leaf, depth - 1) }

test('both lists of a replica of both eras are read, each for itself', async t => {
  const differing = (legacyWords: string): Script => ({
    ...legacyScript('s-1'),
    ...MODERN_SCRIPT,
    'tools/list': ({ params, result }) =>
      result({
        tools: [{ name: 'a', description: params['_meta'] === undefined ? legacyWords : 'one' }],
      }),
  })
  const [same, other] = [
    await listsOf(t, differing('one')),
    await listsOf(t, differing('in legacy')),
  ]
  assert.match(same.modern?.digest ?? '', /^[\w-]{16}$/)
  assert.equal(same.legacy?.digest, same.modern?.digest)
  assert.equal(other.modern?.digest, same.modern?.digest)
  assert.notEqual(other.legacy?.digest, same.legacy?.digest)
})

test('only lists of eras that the document wants are read', async t => {
  const script = { ...legacyScript('s-1'), ...MODERN_SCRIPT }
  for (const era of ['modern', 'legacy'] as const) {
    const { check, replica } = await checked(t, script, { eras: [era] })
    const result = await check()
    assert.ok(result.ok)
    assert.deepEqual(Object.keys(result.learned?.lists ?? {}), [era])
    assert.equal(replica.methods().filter(method => method === 'tools/list').length, 1)
  }
})

test('a name under two definitions is no list to compare; the same twice is', async t => {
  const [one, other] = [
    { name: 'a', description: 'one' },
    { name: 'a', description: 'other' },
  ]
  assert.deepEqual(await modernList(t, listing(other, one)), {
    problem: 'it names a tool twice, under two definitions',
  })
  assert.deepEqual(await modernList(t, listing(one, one)), await modernList(t, listing(one)))
})

test('a definition that is nested too deep is no list to compare', async t => {
  const deep = (leaf: object, depth: number) =>
    modernList(t, listing({ name: 'a', inputSchema: nested(leaf, depth) }))
  assert.deepEqual(await deep({}, 140), { problem: 'a definition in it is nested too deep' })
  assert.notDeepEqual(await deep({ x: 1 }, 120), await deep({ x: 2 }, 120))
})

test('a list of more pages than are read is no list to compare', async t => {
  const paged =
    (pages: number) =>
    ({ params, result }: Asked): void => {
      const page = Number(params['cursor'] ?? 0)
      const next = page + 1 < pages ? { nextCursor: String(page + 1) } : {}
      result({ tools: [{ name: `t${page}` }], ...next })
    }
  assert.deepEqual(await modernList(t, paged(51)), { problem: 'it has more than 50 pages' })
  assert.match((await modernList(t, paged(50))).digest ?? '', /^[\w-]{16}$/)
})

test('what was found odd before a list was cut is not forgotten when it is read on', async t => {
  let isBusy = true
  const { check } = await checked(t, {
    ...MODERN_SCRIPT,
    'tools/list': ({ params, result, status }) => {
      if (params['cursor'] === undefined)
        result({ tools: [{ name: 'a', title: 'one' }, { name: 'a' }], nextCursor: 'two' })
      else if (isBusy) status(503)
      else result({ tools: [{ name: 'b' }] })
    },
  })
  await check()
  isBusy = false
  const result = await check()
  assert.ok(result.ok)
  assert.deepEqual(result.learned?.lists?.modern, {
    problem: 'it names a tool twice, under two definitions',
  })
})

const LONG = { health: { ...HEALTH, timeoutMs: 20_000 } }

test('an answer that is larger than any real one takes a replica out, and says so', async t => {
  const words = 'x'.repeat(70_000)
  const { check } = await checked(
    t,
    {
      ...MODERN_SCRIPT,
      'server/discover': ({ result }) => result({ supportedVersions: [words] }),
    },
    LONG,
  )
  const reason = 'server/discover: the answer is larger than 65536 bytes'
  assert.deepEqual(await check(), { ok: false, reason, isRefused: false })
})

test('a page larger than 1 MiB is no list to compare, and the replica is alive', async t => {
  const { check, replica } = await checked(
    t,
    {
      ...MODERN_SCRIPT,
      'tools/list': ({ result }) => result({ tools: [{ words: 'x'.repeat(1_048_577) }] }),
    },
    { ...LONG, eras: ['modern'] },
  )
  const result = await check()
  assert.ok(result.ok)
  const problem = 'tools/list: the answer is larger than 1048576 bytes'
  assert.deepEqual(result.learned?.lists, { modern: { problem } })
  assert.equal(result.isPartial, undefined) // or each check would ask for it again
  assert.equal(replica.methods().filter(method => method === 'tools/list').length, 1)
})

test('instructions are handed on up to 16,384 characters, in either era', async t => {
  const instructions = `${'x'.repeat(16_383)}\u{1f600}`
  const legacy = legacyScript('s-1')
  for (const script of [
    {
      ...MODERN_SCRIPT,
      'server/discover': ({ result }: Asked) =>
        result({ supportedVersions: ['2026-07-28'], instructions }),
    },
    {
      ...legacy,
      initialize: ({ result }: Asked) =>
        result({ protocolVersion: '2025-11-25', instructions }, { 'mcp-session-id': 's-1' }),
    },
  ]) {
    const { check } = await checked(t, script, LONG)
    const result = await check()
    assert.ok(result.ok)
    assert.equal(result.learned?.instructions, `${'x'.repeat(16_383)}\ufffd`)
  }
})
