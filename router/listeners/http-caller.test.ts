// The caller's side of an exchange on a real connection: what it gets, when it has left, and what is not written after that.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { type TestContext, test } from 'node:test'
import { callerLines } from '#test/support/caller-line.ts'
import type { HttpCaller } from './http-caller.ts'

interface Ground {
  readonly caller: HttpCaller
  readonly request: ReturnType<typeof get>
  readonly response: Promise<IncomingMessage>
  readonly whole: () => Promise<{ readonly text: string; readonly isCut: boolean }>
}

async function ground(
  t: TestContext,
  options: Parameters<typeof callerLines>[1] = {},
  method = 'GET',
): Promise<Ground> {
  const { port, next } = await callerLines(t, options)
  const request = get({ port, host: '127.0.0.1', method, agent: false })
  request.on('error', () => undefined) // a test that leaves breaks its own request
  const response = new Promise<IncomingMessage>(resolve => request.on('response', resolve))
  return {
    caller: (await next()).caller,
    request,
    response,
    whole: async () => {
      const answer = await response
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      const isCut = await new Promise<boolean>(resolve => {
        answer.on('end', () => resolve(false))
        answer.on('error', () => resolve(true))
      })
      return { text: Buffer.concat(chunks).toString(), isCut }
    },
  }
}

const left = (caller: HttpCaller): Promise<void> =>
  new Promise(resolve => caller.onGone(() => resolve()))

test('a whole answer is sent with its length, whatever it is made of', async t => {
  const [small, large] = [Buffer.from('é\xff', 'latin1'), Buffer.alloc(100_000, 'x')]
  for (const body of ['é', small, large, '', [small, small], [small, large, small], []]) {
    const { caller, response } = await ground(t)
    const bytes = Array.isArray(body) ? Buffer.concat(body) : Buffer.from(body)
    caller.send(201, { 'content-type': 'text/plain' }, body)
    const answer = await response
    const chunks: Buffer[] = []
    for await (const chunk of answer) chunks.push(chunk as Buffer)
    assert.equal(answer.statusCode, 201)
    assert.equal(answer.headers['content-length'], String(bytes.length))
    assert.ok(Buffer.concat(chunks).equals(bytes))
    assert.deepEqual([caller.status, caller.bytesOut], [201, bytes.length])
  }
})

test('a streamed answer arrives as it is written, its headers before the first byte', async t => {
  const { caller, response, whole } = await ground(t)
  caller.begin(200, { 'content-type': 'text/event-stream' })
  assert.equal((await response).headers['content-type'], 'text/event-stream')
  caller.write('data: é\n')
  caller.write(Buffer.from('\n'))
  caller.end()
  assert.deepEqual(await whole(), { text: 'data: é\n\n', isCut: false })
  assert.equal(caller.bytesOut, 10)
  assert.equal(caller.isGone, false)
})

test('who asks for the head alone gets no body, of a whole answer and of a stream', async t => {
  const whole = await ground(t, {}, 'HEAD')
  whole.caller.send(405, {}, 'not for you')
  const answer = await whole.response
  assert.deepEqual([answer.statusCode, answer.headers['content-length']], [405, '11'])
  assert.deepEqual(await whole.whole(), { text: '', isCut: false })
  const stream = await ground(t, {}, 'HEAD')
  stream.caller.begin(200, {})
  stream.caller.write('not for you')
  stream.caller.end()
  assert.deepEqual(await stream.whole(), { text: '', isCut: false })
})

test('one request has one answer, and nothing after its end', async t => {
  const { caller, whole } = await ground(t)
  caller.begin(200, {})
  caller.write('first')
  assert.throws(() => caller.send(200, {}, 'second'), /second answer/)
  assert.throws(() => caller.begin(200, {}), /second answer/)
  caller.end()
  assert.throws(() => caller.send(200, {}, 'second'), /second answer/)
  caller.write('late')
  caller.end()
  assert.deepEqual(await whole(), { text: 'first', isCut: false })
})

test('nothing that is put into a header gets out of its line', async t => {
  const { caller, response } = await ground(t)
  for (const value of ['a\r\nb: c', 'a\nb', 'a\0', '\u0100'])
    assert.throws(() => caller.send(200, { 'x-own': value }, 'x'), /x-own/)
  caller.send(200, { 'x-own': 'caf\u00e9\t1' }, 'x')
  assert.equal((await response).headers['x-own'], 'caf\u00e9\t1')
})

test('a caller who leaves is noticed once, and nothing is written to it any more', async t => {
  const { caller, request } = await ground(t)
  let times = 0
  const noticed = new Promise<void>(resolve =>
    caller.onGone(() => {
      times += 1
      resolve()
    }),
  )
  caller.begin(200, {})
  request.destroy()
  await noticed
  assert.equal(caller.isGone, true)
  assert.equal(caller.write('x'), true)
  caller.send(200, {}, 'x')
  caller.begin(500, {})
  caller.end()
  assert.deepEqual([caller.status, caller.bytesOut, times], [200, 0, 1])
})

test('whoever listens after the caller has left is told at once', async t => {
  const { caller, request } = await ground(t)
  request.destroy()
  await left(caller)
  let isTold = false
  caller.onGone(() => {
    isTold = true
  })
  assert.equal(isTold, true)
})

test('only the newest listener is told', async t => {
  const { caller, request } = await ground(t)
  caller.onGone(() => assert.fail('the old listener was told'))
  request.destroy()
  await left(caller)
})

test('what is cut after its end stays whole, and so does what follows on its connection', async t => {
  const { port, next } = await callerLines(t)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  const ask = async (answer: (caller: HttpCaller) => void): Promise<string> => {
    const request = get({ port, host: '127.0.0.1', agent })
    const response = once(request, 'response')
    answer((await next()).caller)
    const [message] = (await response) as [IncomingMessage]
    return (await message.setEncoding('utf8').toArray()).join('')
  }
  let first: HttpCaller | undefined
  assert.equal(await ask(caller => (first = caller).send(200, {}, 'one')), 'one')
  const second = await ask(caller => {
    first?.cut()
    caller.send(200, {}, 'two')
  })
  assert.equal(second, 'two')
})

test('a cut answer is seen as cut, and is not taken for a caller who left', async t => {
  const { caller, whole } = await ground(t)
  caller.onGone(() => assert.fail('the caller did not leave'))
  caller.begin(200, { 'content-type': 'application/json' })
  caller.write('{"a"')
  caller.cut()
  assert.deepEqual((await whole()).isCut, true)
  assert.equal(caller.write('late'), true)
  assert.equal(caller.bytesOut, 4)
})

test('a full connection asks to wait, and tells once when it has drained', async t => {
  const { caller, response } = await ground(t)
  caller.begin(200, {})
  const chunk = Buffer.alloc(1_048_576)
  let sent = 0
  while (caller.write(chunk)) sent += 1
  const drained = new Promise<void>(resolve => caller.onWritable(resolve))
  ;(await response).resume()
  await drained
  caller.onWritable(() => assert.fail('it drained twice'))
  caller.end()
  assert.ok(sent < 100)
})

test('what is lent to a caller who does not read arrives as it was', async t => {
  const { caller, response, whole } = await ground(t)
  caller.begin(200, {})
  const memory = Buffer.alloc(65_536)
  let sent = 0
  const letter = (): string => String.fromCharCode(0x61 + (sent % 26))
  for (let hasRoom = true; hasRoom; sent += 1) {
    hasRoom = caller.write(memory.fill(letter()), true) || sent < 200 // 13 MB: more than the kernel keeps
    memory.fill('!')
  }
  caller.end()
  await response
  const { text } = await whole()
  const letters = sent
  sent = 0
  for (; sent < letters; sent += 1)
    assert.equal(text.slice(sent * 65_536, (sent + 1) * 65_536), letter().repeat(65_536), `${sent}`)
})

test('a connection that may not stay is closed after the answer', async t => {
  const { caller, response } = await ground(t, { mayStay: false })
  caller.send(200, {})
  assert.equal((await response).headers.connection, 'close')
})

test('a caller who wants no answer gets an empty stream before the first byte, and counts as gone', async t => {
  const { caller, response, whole } = await ground(t)
  let isTold = false
  caller.onGone(() => {
    isTold = true
  })
  caller.dismiss()
  caller.dismiss()
  assert.deepEqual([isTold, caller.isGone], [true, true])
  assert.equal((await response).headers['content-type'], 'text/event-stream')
  assert.deepEqual(await whole(), { text: '', isCut: false })
})

test('a dismissed stream ends, a dismissed body is cut, and one that is complete stays so', async t => {
  for (const [type, isCut] of [
    ['text/event-stream', false],
    ['application/json', true],
  ] as const) {
    const { caller, whole } = await ground(t)
    caller.begin(200, { 'content-type': type })
    caller.write('data: 1\n\n')
    caller.dismiss()
    assert.equal((await whole()).isCut, isCut, type)
  }
  const { caller, whole } = await ground(t)
  caller.send(200, {}, 'done')
  caller.dismiss()
  assert.deepEqual(await whole(), { text: 'done', isCut: false })
  assert.equal(caller.isGone, false)
})

test('a caller who does not read what waits for it is cut, whether more is to come or not', async t => {
  for (const isMore of [true, false]) {
    const { caller, response } = await ground(t, { drainMs: 50 })
    const gone = left(caller)
    if (isMore) {
      caller.begin(200, {})
      const fill = (): void => {
        while (!caller.isGone && caller.write(Buffer.alloc(1_048_576)));
        caller.onWritable(fill) // the kernel takes a few
      }
      fill()
    } else caller.send(200, {}, Buffer.alloc(64 * 1_048_576))
    await response // its head is read, its body is not
    await gone
    assert.equal(caller.isGone, true)
  }
})

test('a caller who reads in time is not cut', async t => {
  const { caller, whole } = await ground(t, { drainMs: 5_000 })
  caller.send(200, {}, Buffer.alloc(8 * 1_048_576, 'x'))
  assert.equal((await whole()).isCut, false)
})
