// Who wants to hear of which resources: counted, bounded, and gone with those who wanted it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WatchedUris } from './watched-uris.ts'

const who = (...uris: readonly string[]) => ({ uris: new Set(uris) })

test('each is there once for all who want it, and as long as one of them does', () => {
  const watched = new WatchedUris()
  const [one, other] = [who('a:1', 'a:2'), who('a:2')]
  watched.take(one)
  watched.take(other)
  assert.deepEqual([...watched.all], ['a:1', 'a:2'])
  assert.deepEqual([...watched.heardBy('a:2/part')], [one, other])
  assert.deepEqual([...watched.heardBy('a:20')], [])
  one.uris.delete('a:2')
  one.uris.add('a:3')
  watched.take(one)
  assert.deepEqual([...watched.heardBy('a:2')], [other])
  watched.delete(other)
  assert.deepEqual([...watched.all], ['a:1', 'a:3'])
  watched.delete(one)
  watched.delete(one)
  assert.deepEqual([...watched.all], [])
})

test('there are so many for all together, and room again when some are gone', () => {
  const watched = new WatchedUris()
  const uris = Array.from({ length: 10_001 }, (_, count) => `a:${count}`)
  assert.equal(watched.admitted(uris).size, 10_000)
  const most = who(...uris.slice(1))
  watched.take(most)
  assert.equal(watched.admitted(['a:1']).size, 0) // one more who wants it is counted, too
  most.uris.delete('a:1')
  watched.take(most)
  assert.deepEqual([...watched.admitted(['a:0', 'b:0'])], ['a:0'])
})

test('nor are they of any length', () => {
  const watched = new WatchedUris()
  const long = 'x'.repeat(262_144)
  watched.take(who(`1${long.slice(1)}`, `2${long.slice(1)}`, `3${long.slice(1)}`))
  assert.equal(watched.admitted([long]).size, 1)
  assert.equal(watched.admitted([`${long}x`]).size, 0)
})
