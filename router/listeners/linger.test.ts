// A connection that ends slowly: its last words can be read, and nothing more of the other side is.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { endSlowly } from './linger.ts'

const MIB = 1_048_576

async function pair(t: TestContext): Promise<{ readonly ours: Socket; readonly theirs: Socket }> {
  const server = createServer({ allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const theirs = connect({ port: (server.address() as AddressInfo).port, allowHalfOpen: true })
  const [ours] = (await accepted) as [Socket]
  t.after(() => {
    ours.destroy()
    theirs.destroy()
    server.close()
  })
  theirs.on('error', () => undefined) // it is reset in the end
  ours.resume()
  return { ours, theirs }
}

test('the last words are read while the other side goes on sending, which is not read', async t => {
  const { ours, theirs } = await pair(t)
  assert.equal(endSlowly(ours, true, 'no more'), 1_000)
  theirs.write(Buffer.alloc(64 * MIB)) // more than both kernels hold
  let words = ''
  theirs.setEncoding('utf8').on('data', (text: string) => (words += text))
  await once(theirs, 'end')
  assert.equal(words, 'no more')
  assert.equal(ours.isPaused(), true)
})

test('where nothing lies unread it is read on until the other side ends', async t => {
  const { ours, theirs } = await pair(t)
  endSlowly(ours, false)
  theirs.resume().write('a little more')
  await once(theirs, 'end')
  assert.equal(ours.isPaused(), false)
  const closed = once(ours, 'close')
  theirs.end()
  assert.deepEqual(await closed, [false])
})
