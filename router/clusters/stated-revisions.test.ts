// Where what replicas state of their tools and what they list tell them apart in different ways, in words.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Era } from '#routes/route-table.ts'
import { revisionNotes, type Stating } from './stated-revisions.ts'

const one = (
  key: string,
  revision: string | undefined,
  digest: string | undefined,
  more: Partial<Stating> & { readonly era?: Era } = {},
): Stating => ({
  key,
  health: 'up',
  instance: {
    state: 'ready',
    ...(revision === undefined ? {} : { claims: { 'tools-rev': revision, app: '2' } }),
  },
  learned: {
    eras: [more.era ?? 'modern'],
    ...(digest === undefined ? {} : { lists: { [more.era ?? 'modern']: { digest } } }),
  },
  ...more,
})

test('statements that follow the lists are no matter, during a rollout either', () => {
  assert.deepEqual(revisionNotes([]), [])
  const rollout = [one('a', 'v1', 'x'), one('b', 'v2', 'y'), one('c', 'v2', 'y')]
  assert.deepEqual(revisionNotes(rollout), [])
})

test('other revisions of one list are told, the most common first', () => {
  const [note, ...rest] = revisionNotes([
    one('a', 'v2', 'x'),
    one('b', 'v1', 'x'),
    one('c', 'v1', 'x'),
  ])
  assert.deepEqual(rest, [])
  assert.equal(
    note,
    'replicas that list the same tools state different revisions (rm-tools-rev): v1 by b, c, v2 by a',
  )
})

test('one revision of other lists is told', () => {
  assert.deepEqual(revisionNotes([one('a', 'v1', 'x'), one('b', 'v1', 'y'), one('c', 'v2', 'z')]), [
    'replicas that state revision v1 (rm-tools-rev) list different tools: x by a, y by b',
  ])
})

test('who states nothing, lists nothing, or is not in service is left out', () => {
  const a = one('a', 'v1', 'x')
  for (const other of [
    one('b', undefined, 'x'),
    one('b', undefined, 'y'),
    one('b', 'v1', undefined),
    one('b', 'v2', 'x', { health: 'down' }),
    one('b', 'v2', 'x', { instance: { state: 'draining', claims: { 'tools-rev': 'v2' } } }),
    one('b', 'v2', 'x', { learned: undefined }),
  ])
    assert.deepEqual(revisionNotes([a, other]), [])
})

test('lists of the two eras are not held against each other', () => {
  assert.deepEqual(revisionNotes([one('a', 'v1', 'x'), one('b', 'v1', 'y', { era: 'legacy' })]), [])
  assert.equal(
    revisionNotes([one('a', 'v1', 'x', { era: 'legacy' }), one('b', 'v1', 'y', { era: 'legacy' })])
      .length,
    1,
  )
})

test('very many, and words that are no words, make a few short lines', () => {
  const hostile = '\u001b[2J\n'.repeat(100)
  const many = Array.from({ length: 10_000 }, (_, number) =>
    one(`n/${number}${hostile}`, `${number % 50}${hostile}`, `d${number % 70}`),
  )
  const notes = revisionNotes(many)
  assert.equal(notes.length, 5)
  for (const note of notes) {
    assert.ok(note.length < 2_000, `${note.length} characters`)
    assert.match(note, /^[\x20-\x7e…]*$/)
    assert.match(note, /and \d+ more/)
  }
})
