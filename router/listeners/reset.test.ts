// Whenever a connection is reset, it is closed, and that is told.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { reset } from './reset.ts'

async function pair(t: TestContext): Promise<{ readonly near: Socket; readonly far: Socket }> {
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [
    [Socket],
    unknown,
  ]
  t.after(() => far.destroy())
  return { near, far }
}

test('one that is open is reset', async t => {
  const { near, far } = await pair(t)
  const [broken, closed] = [once(far, 'error'), once(near, 'close')]
  reset(near)
  const [error] = (await broken) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNRESET')
  await closed
})

test('one that has ended is closed, at each step of its end', async t => {
  for (let steps = 0; steps < 6; steps += 1)
    await t.test(`${steps} steps behind it`, async one => {
      const { near, far } = await pair(one)
      far.on('error', () => undefined)
      const errors: unknown[] = []
      near.on('error', error => errors.push(error))
      const closed = once(near, 'close')
      near.end('x')
      for (let step = 0; step < steps; step += 1) await new Promise(done => process.nextTick(done))
      reset(near)
      await closed
      assert.deepEqual(errors, [])
    })
})

test('one whose words wait for a reader is reset, though it has ended', async t => {
  const { near, far } = await pair(t)
  far.pause()
  near.end(Buffer.alloc(32_000_000))
  const [broken, closed] = [once(far, 'error'), once(near, 'close')]
  reset(near)
  far.resume()
  const [error] = (await broken) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNRESET')
  await closed
})
