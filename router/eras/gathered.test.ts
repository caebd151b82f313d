// However small the pieces are, what is gathered of them is few, and whole.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Gathered } from './gathered.ts'

test('pieces are one in their order, and the next are gathered anew', () => {
  const gathered = new Gathered()
  assert.equal(gathered.take().length, 0)
  for (const text of ['a', 'bc']) gathered.add(Buffer.from(text))
  assert.equal(gathered.length, 3)
  assert.equal(gathered.take().toString(), 'abc')
  gathered.add(Buffer.from('d'))
  assert.deepEqual([gathered.length, gathered.take().toString()], [1, 'd'])
})

test('words are found in a piece and across pieces, on any split', () => {
  const text = 'before the needle, and behind it'
  for (let first = 0; first <= text.length; first += 1)
    for (let second = first; second <= text.length; second += 1) {
      const gathered = new Gathered()
      for (const piece of [text.slice(0, first), text.slice(first, second), text.slice(second)])
        gathered.add(Buffer.from(piece))
      assert.ok(gathered.holdsOneOf(['absent', 'needle']), `${first} ${second}`)
      assert.ok(!gathered.holdsOneOf(['needles', 'beforethe']), `${first} ${second}`)
    }
  const single = new Gathered()
  for (const letter of text) single.add(Buffer.from(letter))
  assert.ok(single.holdsOneOf(['needle']))
  assert.ok(!single.holdsOneOf(['needless']))
  assert.ok(!single.holdsOneOf([]))
  for (let at = 0; at <= text.length; at += 1) {
    const begun = new Gathered()
    begun.add(Buffer.from(text.slice(0, at)))
    const next = Buffer.from(text.slice(at))
    assert.ok(begun.holdsOneOf(['needle'], next), `${at}, with what comes next`)
    assert.ok(!begun.holdsOneOf(['needles'], next))
    assert.equal(begun.length, at)
  }
})

test('a single piece is not copied', () => {
  const gathered = new Gathered()
  const only = Buffer.from('only')
  gathered.add(only)
  assert.equal(gathered.take(), only)
})

test('very many single bytes are few pieces, and each of them is copied a few times only', t => {
  const gathered = new Gathered()
  const concat = t.mock.method(Buffer, 'concat')
  const many = 200_000
  for (let count = 0; count < many; count += 1) gathered.add(Buffer.from([count % 251]))
  const copied = concat.mock.calls
    .flatMap(({ arguments: [pieces] }) => pieces)
    .reduce((sum, { length }) => sum + length, 0)
  assert.ok(copied < 16 * many, `${copied} bytes were copied`)
  concat.mock.restore()
  const pieces = gathered.takePieces()
  assert.ok(pieces.length < 300, `${pieces.length} pieces`)
  assert.ok(Buffer.concat(pieces).every((byte, at) => byte === at % 251))
})
