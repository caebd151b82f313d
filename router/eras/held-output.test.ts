// What is kept back goes out whole, or not at all; what is too large goes out as it comes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeldOutput, MOST_HELD, MOST_REVISED } from './held-output.ts'

function held(): { readonly out: HeldOutput; readonly written: string[] } {
  const written: string[] = []
  return { out: new HeldOutput(piece => void written.push(piece.toString())), written }
}

test('pieces go out as one when they are known to be whole, and the next ones are kept back again', () => {
  const { out, written } = held()
  out.add(Buffer.from('a'))
  out.add(Buffer.from('b'))
  assert.deepEqual([written, out.isOpen], [[], false])
  out.settle()
  out.settle()
  out.add(Buffer.from('c'))
  assert.deepEqual([written, out.isOpen], [['ab'], false])
})

test('what is lent is copied where it is kept back, and goes on as it is from the limit on', () => {
  const pieces: Buffer[] = []
  const out = new HeldOutput(piece => void pieces.push(piece))
  const memory = Buffer.alloc(MOST_HELD, 'a')
  out.add(memory, true)
  memory.fill('b')
  out.add(memory, true)
  assert.deepEqual(
    pieces.map(piece => piece.toString('latin1', 0, 1)),
    ['a', 'b'],
  )
  assert.equal(pieces[1], memory)
})

test('what is taken does not go out', () => {
  const { out, written } = held()
  const only = Buffer.from('a')
  out.add(only)
  assert.equal(out.take(), only)
  out.settle()
  assert.equal(out.take().length, 0)
  assert.deepEqual(written, [])
})

test('what is over the limit goes out as it came until it is whole, without a copy', () => {
  const { out, written } = held()
  out.add(Buffer.alloc(MOST_HELD, 'x'))
  assert.deepEqual(written, [])
  out.add(Buffer.from('y'))
  assert.deepEqual([written.map(({ length }) => length), out.isOpen], [[MOST_HELD, 1], true])
  out.add(Buffer.from('z'))
  assert.equal(written.at(-1), 'z')
  out.settle()
  assert.equal(out.isOpen, false)
  out.add(Buffer.from('next'))
  assert.equal(written.at(-1), 'z')
})

test('very many small pieces are one before they are many', () => {
  const { out, written } = held()
  for (let count = 0; count < MOST_HELD; count += 1) out.add(Buffer.from('x'))
  assert.deepEqual(written, [])
  out.settle()
  assert.deepEqual(
    written.map(({ length }) => length),
    [MOST_HELD],
  )
})

test('what may have to change is kept back however long it is, up to a limit of its own', () => {
  const written: number[] = []
  const revision = {
    of: (whole: Buffer) => Buffer.concat([whole, Buffer.from('!')]),
    signs: ['w'],
  }
  const out = new HeldOutput(piece => void written.push(piece.length), revision)
  out.add(Buffer.alloc(MOST_HELD + 1, 'w'))
  out.add(Buffer.from('x'))
  assert.deepEqual([written, out.isOpen], [[], false])
  out.settle()
  assert.deepEqual(written.splice(0), [MOST_HELD + 3])
  out.add(Buffer.alloc(MOST_HELD + 1, 'x')) // the next one is judged by itself
  assert.deepEqual([written.splice(0), out.isOpen], [[MOST_HELD + 1], true])
  out.settle()
  out.add(Buffer.alloc(MOST_REVISED, 'w'))
  out.add(Buffer.from('x'))
  assert.deepEqual([written, out.isOpen], [[MOST_REVISED, 1], true])
})
