// Of the sessions that callers hold open at a cluster, what is beyond its bound falls out: never used before used, then the longest unused.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeldSessions } from './held-sessions.ts'

function ground(most: Readonly<Record<string, number>> = { crm: 10 }) {
  const busy = new Set<string>()
  const held = new HeldSessions({
    mostOf: cluster => most[cluster],
    isBusy: token => busy.has(token),
  })
  const session = (token: string, clusters = ['crm']) => ({
    token,
    members: clusters.map(cluster => ({ cluster })),
  })
  return {
    busy,
    held,
    session,
    opens: (token: string, clusters?: string[]) => held.opened(session(token, clusters)),
    uses: (token: string, clusters?: string[]) => held.used(session(token, clusters)),
  }
}

const names = (letter: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${letter}${index}`)

test('the one that was not used for longest falls out for the one that is opened', () => {
  const { opens, uses } = ground()
  for (const name of names('a', 10)) assert.deepEqual([...opens(name), ...uses(name)], [])
  uses('a0')
  assert.deepEqual(opens('b'), ['a1'])
})

test('whoever opens very many ends those of its own that it never used', () => {
  const { opens, uses } = ground({ crm: 100 })
  for (const name of names('a', 90)) assert.deepEqual([...opens(name), ...uses(name)], [])
  const out = names('b', 1_000).flatMap(name => opens(name))
  assert.equal(out.length, 990)
  assert.deepEqual(
    out.filter(name => name.startsWith('a')),
    [],
  )
  assert.deepEqual(uses('a0'), [], 'it is there still')
})

test('who has just opened one has time to use it, though all others are in use', () => {
  const { opens, uses } = ground({ crm: 20 })
  for (const name of names('a', 20)) {
    opens(name)
    uses(name)
  }
  assert.deepEqual(opens('b0'), ['a0'])
  assert.deepEqual(opens('b1'), ['a1'])
  assert.deepEqual(uses('b0'), [])
  assert.deepEqual(uses('b1'), [])
})

test('one of which something is under way stays, and what stays so is no more than that', () => {
  const { busy, opens, uses } = ground({ crm: 2 })
  for (const name of ['a', 'b']) {
    opens(name)
    uses(name)
    busy.add(name)
  }
  assert.deepEqual(opens('c'), [], 'all others are busy')
  busy.clear()
  assert.deepEqual(opens('d'), ['c', 'a'])
})

test('one that another router opened counts from its first use, and one that has ended does not', () => {
  const { held, opens, session, uses } = ground({ crm: 2 })
  opens('a')
  uses('a')
  assert.deepEqual(uses('b'), [])
  assert.deepEqual(uses('c'), ['a'])
  held.forget(session('b'))
  assert.deepEqual(uses('d'), [])
})

test('each cluster has a bound of its own', () => {
  const { opens, uses } = ground({ crm: 1, web: 3 })
  opens('a', ['crm', 'web'])
  uses('a', ['crm', 'web'])
  assert.deepEqual(opens('b', ['web']), [])
  assert.deepEqual(opens('c', ['crm', 'web']), ['a'])
})

test('where a newer table allows far fewer, a few fall out with each that is opened, not all in one turn', () => {
  const most: Record<string, number> = { crm: 1_000 }
  const { opens, uses } = ground(most)
  for (const name of names('a', 1_000)) assert.deepEqual([...opens(name), ...uses(name)], [])
  most['crm'] = 10
  const out = names('b', 100).map(name => opens(name).length)
  assert.deepEqual([Math.max(...out), out[0]], [16, 16])
  assert.equal(
    out.reduce((sum, count) => sum + count),
    1_090,
    'as many stay as may',
  )
})

test('what was at a cluster that is gone ends nobody’s session at the others, and comes back with it', () => {
  const most: Record<string, number> = { crm: 10, web: 1 }
  const { opens, uses } = ground(most)
  opens('a', ['crm', 'web'])
  delete most['web']
  for (const name of ['a', 'b', 'c', 'a', 'b'])
    assert.deepEqual(uses(name, ['crm', 'web']), [], name)
  assert.deepEqual(opens('d', ['web']), [])
  most['web'] = 1
  assert.deepEqual(uses('c', ['crm', 'web']), [], 'none of them is held there')
  assert.deepEqual(uses('b', ['crm', 'web']), ['c'])
})
