// Of the sessions that callers hold open at a cluster, what is beyond its bound falls out: never used before used, then the longest unused of
// whoever holds most.
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
    opens: (token: string, clusters?: string[], by = 'one') =>
      held.opened(session(token, clusters), by),
    uses: (token: string, clusters?: string[], by = 'one') =>
      held.used(session(token, clusters), by),
    /** Opened, and used at once; what falls out for it. */
    takes: (token: string, by: string) => [
      ...held.opened(session(token), by),
      ...held.used(session(token), by),
    ],
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

test('a caller who takes all places has its own ended for those of others, down to an even part', () => {
  const { takes } = ground({ crm: 100 })
  for (const name of names('a', 100)) assert.deepEqual(takes(name, 'a'), [])
  assert.deepEqual(
    names('b', 40).flatMap(name => takes(name, 'b')),
    names('a', 40),
  )
  const more = names('c', 200).flatMap(name => takes(name, 'c'))
  assert.equal(more.length, 200)
  const lost = (letter: string): number => more.filter(name => name.startsWith(letter)).length
  assert.deepEqual([lost('a'), lost('b'), lost('c')], [27, 7, 166])
})

test('one place each: the one that was not used for longest falls out, whoever holds it', () => {
  const { takes, uses } = ground({ crm: 10 })
  for (const name of names('a', 10)) assert.deepEqual(takes(name, name), [])
  uses('a0')
  assert.deepEqual(takes('b', 'b'), ['a1'])
  assert.deepEqual(takes('c', 'c'), ['a2'])
})

test('who has only opened many does not end those that anybody uses, as many as that may be', () => {
  const { opens, takes, uses } = ground({ crm: 100 })
  for (const name of names('a', 90)) assert.deepEqual(takes(name, 'a'), [])
  const out = names('b', 1_000).flatMap(name => opens(name, undefined, 'b'))
  assert.deepEqual(
    out.filter(name => name.startsWith('a')),
    [],
  )
  assert.deepEqual(opens('c', undefined, 'c'), ['b990'], 'and none that another has just opened')
  assert.deepEqual(uses('c'), [])
})

test('where all places are held by calls of one caller, others come all the same, and keep theirs', () => {
  const { busy, takes, uses } = ground({ crm: 20 })
  for (const name of names('a', 20)) {
    takes(name, 'a')
    busy.add(name)
  }
  for (const name of names('b', 10)) assert.deepEqual(takes(name, 'b'), [], name)
  for (const name of names('b', 10)) assert.deepEqual(uses(name), [], name)
  assert.deepEqual(takes('b10', 'b'), ['b0'], 'as many as an even part, and no more')
  busy.delete('a7')
  assert.deepEqual(takes('c', 'c'), ['a7', 'b1'])
})

test('a session counts for whoever opened it, also when another uses it', () => {
  const { takes, uses } = ground({ crm: 4 })
  for (const name of names('a', 3)) takes(name, 'a')
  takes('b', 'b')
  for (const name of names('a', 3)) uses(name, undefined, 'b')
  assert.deepEqual(takes('c', 'c'), ['a0'])
})
