// What is read of the bytes of entries, and what of it is known when they come again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entryOf, type FakeReplica } from '#test/support/fake-consul-entry.ts'
import { createEntriesReading } from './consul-entries.ts'

const bytesOf = (replica: Partial<FakeReplica> = {}, run = 0): Buffer =>
  Buffer.from(JSON.stringify(entryOf('s', { id: 'a', port: 9_000, ...replica }, run)))

function read(entries: readonly Buffer[], before?: ReturnType<typeof createEntriesReading>) {
  const reading = createEntriesReading(before?.known)
  const areJson = entries.every(reading.add)
  const result = reading.result()
  assert.ok(areJson && 'instances' in result)
  return { reading, ...result }
}

test('an entry that comes again is the very same instance, and one that changed is another', () => {
  const first = read([bytesOf(), bytesOf({ id: 'b' })])
  const next = read([bytesOf(), bytesOf({ id: 'b', port: 9_001 })], first.reading)
  assert.equal(next.instances[0], first.instances[0])
  assert.deepEqual(next.instances[1], { ...first.instances[1], port: 9_001 })
  const last = read([bytesOf(), bytesOf({ id: 'b' })], next.reading)
  assert.equal(last.instances[0], first.instances[0])
  assert.notEqual(last.instances[1], first.instances[1], 'only the answer before is remembered')
})

test('what is odd about an entry is noted each time it comes', () => {
  const odd = bytesOf({ meta: { 'rm-eras': 'future' } })
  const first = read([odd])
  assert.deepEqual([first.notes.length, read([odd], first.reading).notes], [1, first.notes])
})

test('an entry that is listed twice is noted, known or not', () => {
  const first = read([bytesOf(), bytesOf()])
  const next = read([bytesOf(), bytesOf()], first.reading)
  for (const { instances, notes } of [first, next]) {
    assert.equal(instances.length, 1)
    assert.match(notes.join(), /listed twice/)
  }
})

test('one that is left out is not remembered as the one that stands', () => {
  const other = bytesOf({ port: 9_001 })
  const first = read([bytesOf(), other])
  const next = read([other], first.reading)
  assert.deepEqual([next.instances[0]?.port, next.notes], [9_001, []])
})

test('bytes that are no JSON are told', () => {
  assert.equal(createEntriesReading().add(Buffer.from('{"a":}')), false)
})
