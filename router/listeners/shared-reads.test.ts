// Reads of accepted connections into shared memory: that this Node can, and that pausing, resuming and the end are as they are with any.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { areReadsShared, shareReads } from './shared-reads.ts'

async function pair(t: TestContext): Promise<{ readonly ours: Socket; readonly theirs: Socket }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const theirs = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [ours] = (await accepted) as [Socket]
  t.after(() => {
    theirs.destroy()
    ours.destroy()
    server.close()
  })
  return { ours, theirs }
}

test('this Node can share reads: without that each of them takes memory of its own', () => {
  assert.equal(areReadsShared, true)
})

test('all connections read into the same memory', async t => {
  const seen: ArrayBufferLike[] = []
  for (const word of ['one', 'two']) {
    const { ours, theirs } = await pair(t)
    const read = new Promise<string>(resolve =>
      shareReads(ours, bytes => {
        seen.push(bytes.buffer)
        resolve(bytes.toString())
      }),
    )
    theirs.write(word)
    assert.equal(await read, word)
  }
  assert.equal(seen[0], seen[1])
})

test('one that is paused is given nothing until it is resumed, and its end is told', async t => {
  const { ours, theirs } = await pair(t)
  let text = ''
  let heard = Promise.withResolvers<void>()
  shareReads(ours, bytes => {
    text += bytes.toString()
    if (text === 'first') ours.pause()
    heard.resolve()
  })
  theirs.write('first')
  await heard.promise
  heard = Promise.withResolvers()
  theirs.write('second')
  const other = await pair(t) // by when it has gone round, the bytes above have come
  other.theirs.destroy()
  await once(other.ours.resume(), 'close')
  assert.equal(text, 'first')
  ours.resume()
  await heard.promise
  assert.equal(text, 'firstsecond')
  const ended = once(ours, 'end')
  theirs.end()
  await ended
})

test('a connection without that place reads as any other', () => {
  const socket = new Socket() // it has no handle
  const read: string[] = []
  shareReads(socket, bytes => void read.push(bytes.toString()))
  socket.emit('data', Buffer.from('own'))
  assert.deepEqual(read, ['own'])
  socket.destroy()
})
