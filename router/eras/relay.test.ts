// An answer on its way to the caller: whole or streamed, at the caller's pace, and ended truthfully when it breaks.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeCaller } from '#test/support/fake-caller.ts'
import { ANSWER, largeAnswer, type Relayed, relayed, SWAPPED } from '#test/support/relayed.ts'

const PROGRESS = '{"jsonrpc":"2.0","method":"notifications/progress"}'
const turn = (): Promise<void> => Promise.resolve()

test('a small answer that is already here goes out whole', async () => {
  const { caller, trail, done } = relayed({
    early: body => {
      body.data(ANSWER.slice(0, 20))
      body.data(ANSWER.slice(20))
      body.end()
    },
  })
  await done
  assert.deepEqual(caller.log, [`send 200 ${SWAPPED}`])
  assert.deepEqual(caller.headers, { 'content-type': 'application/json' })
  assert.equal(trail.broken, undefined)
})

test('an answer that comes in parts goes out whole, and nothing of it before', async () => {
  const { body, caller, done } = relayed({ early: one => one.data('{"jsonrpc":"2.0","id":7,') })
  await turn()
  assert.deepEqual(caller.log, [])
  body.data('"result":{}}')
  assert.deepEqual(caller.log, [])
  body.end()
  await done
  assert.deepEqual(caller.log, [`send 200 ${SWAPPED}`])
})

test('a large answer streams without its length, so that one that breaks off is never as long as it should be', async () => {
  for (const callerIdJson of ['7', '"x"']) {
    const { body, caller, trail, done } = relayed({ callerIdJson })
    const text = largeAnswer('7')
    body.data(text.slice(0, 60_000))
    assert.deepEqual(caller.log, [])
    body.data(text.slice(60_000, -1))
    assert.equal(caller.log[0], 'begin 200')
    assert.deepEqual(caller.headers, { 'content-type': 'application/json' })
    body.data(text.slice(-1))
    body.end()
    await done
    assert.equal(caller.text(), largeAnswer(callerIdJson))
    assert.equal(caller.log.at(-1), 'end')
    assert.equal(trail.broken, undefined)
  }
})

const BAD: Readonly<Record<string, string>> = {
  'of another chat': '{"jsonrpc":"2.0","id":8,"result":{"of":"another chat"}}',
  'two values': ANSWER + ANSWER,
  'cut short': ANSWER.slice(0, -1),
  'garbage inside': ANSWER.replace('{}', '{oops}'),
  'garbage behind': `${ANSWER}x`,
  'not UTF-8': ANSWER.replace('{}', '{"a":"\xff"}'),
  'a control character': ANSWER.replace('{}', '{"a":"\n"}'),
  'another protocol': ANSWER.replace('2.0', '1.0'),
  'neither result nor error': '{"jsonrpc":"2.0","id":7}',
  'both of them': ANSWER.replace('{}', '{},"error":{"code":1,"message":""}'),
  'an error that is none': '{"jsonrpc":"2.0","id":7,"error":"no"}',
  'a request': '{"jsonrpc":"2.0","id":7,"method":"ping"}',
  'a result that is a text': ANSWER.replace('{}', '"{}"'),
  'a result that is a list': ANSWER.replace('{}', '[]'),
  'an id twice': ANSWER.replace('"id":7', '"id":7,"\\u0069d":7'),
  nothing: '',
  'a page': '<html>',
}

for (const [what, text] of Object.entries(BAD)) {
  test(`a whole answer that is none is told in words, and is the replica’s fault: ${what}`, async () => {
    for (const callerIdJson of ['7', '"x"'])
      for (const parts of [[text], text.split('')]) {
        const { body, caller, trail, blamed, done } = relayed({ callerIdJson })
        for (const part of parts) body.data(Buffer.from(part, 'latin1'))
        body.end()
        await done
        assert.deepEqual(caller.log, ['send 200 <RINGMAIN_UPSTREAM_BAD_RESPONSE>'])
        assert.deepEqual([trail.broken, blamed()], ['RINGMAIN_UPSTREAM_BAD_RESPONSE', 1])
      }
  })
}

test('a large answer that turns out to be none is cut at once, and its replica is let go', async () => {
  for (const bad of ['"}}}', '",}', '\n"}}', '"}}x']) {
    const { body, caller, abandoned, blamed, done } = relayed()
    body.data(largeAnswer('7').slice(0, -3))
    assert.equal(caller.log[0], 'begin 200')
    body.data(bad)
    await done
    assert.equal(caller.log.at(-1), 'cut')
    body.data('more')
    body.end()
    assert.equal(caller.log.at(-1), 'cut')
    assert.deepEqual([abandoned(), blamed()], [1, 1])
  }
  for (const wrong of [largeAnswer('8'), largeAnswer('7').slice(0, -1)]) {
    const { body, caller, trail, blamed, done } = relayed()
    body.data(wrong)
    body.end()
    await done
    assert.equal(caller.log.at(-1), 'cut')
    assert.deepEqual([trail.broken, blamed()], ['RINGMAIN_UPSTREAM_BAD_RESPONSE', 1])
  }
})

test('what is no answer is refused before the rest of it has come', async () => {
  const { caller, abandoned, done, body } = relayed({
    early: one => one.data('{"jsonrpc":"2.0",,'),
  })
  await done
  body.end()
  assert.deepEqual(caller.log, ['send 200 <RINGMAIN_UPSTREAM_BAD_RESPONSE>'])
  assert.equal(abandoned(), 1)
})

test('an answer that breaks off before it was begun is told in words', async () => {
  for (const early of [[], ['{"jsonrpc"']]) {
    const { caller, trail, blamed, done } = relayed({
      early: body => {
        for (const chunk of early) body.data(chunk)
        body.broken()
      },
    })
    await done
    assert.deepEqual(caller.log, ['send 200 <RINGMAIN_OUTCOME_UNKNOWN>'])
    assert.deepEqual([trail.broken, blamed()], ['RINGMAIN_OUTCOME_UNKNOWN', 1])
  }
})

test('an answer that breaks off after it was begun is cut, so that nobody takes a part for the whole', async () => {
  const { body, caller, trail, done } = relayed({
    early: one => one.data(largeAnswer('7').slice(0, -1)),
  })
  body.broken()
  await done
  assert.equal(caller.log.at(-1), 'cut')
  assert.equal(trail.broken, 'RINGMAIN_OUTCOME_UNKNOWN')
})

test('a caller who leaves ends the exchange once, and nothing is written any more', async () => {
  for (const isStream of [true, false]) {
    const { body, caller, trail, abandoned, done } = relayed({ isStream })
    body.data(isStream ? `data: ${PROGRESS}\n\n` : '{')
    caller.leave()
    await done
    caller.leave()
    assert.equal(abandoned(), 1)
    assert.equal(trail.broken, 'caller_gone')
  }
})

test('a caller who had left before is not written to at all', async () => {
  const caller = fakeCaller()
  caller.leave()
  const { body, abandoned, done } = relayed({ caller, isStream: true })
  await done
  body.data('data: 1\n\n')
  assert.equal(abandoned(), 1)
  assert.deepEqual(caller.log, [])
})

test('leaving after the answer is nothing any more', async () => {
  const { body, caller, trail, abandoned, done } = relayed({ isStream: true })
  body.data(`data: ${ANSWER}\n\n`)
  body.end()
  await done
  caller.leave()
  assert.equal(abandoned(), 0)
  assert.equal(trail.broken, undefined)
})

for (const isStream of [true, false]) {
  const name = isStream ? 'a stream' : 'a body'
  const begun = (capacity: number): Relayed => {
    const scene = relayed({ caller: fakeCaller(capacity), isStream, callerIdJson: '7' })
    const text = largeAnswer('7').slice(0, -3)
    scene.body.data(isStream ? `data: ${text}` : text)
    return scene
  }

  test(`a slow caller of ${name} stops the upstream, and each drain lets it go on once`, () => {
    const { body, caller } = begun(100)
    assert.deepEqual(body.log, ['pause'])
    caller.drain()
    assert.deepEqual(body.log, ['pause', 'resume'])
    caller.drain()
    assert.deepEqual(body.log, ['pause', 'resume'])
    body.data('x'.repeat(100))
    caller.drain()
    assert.deepEqual(body.log, ['pause', 'resume', 'pause', 'resume'])
  })

  test(`what ${name} holds for a slow caller is bounded by one chunk beyond its limit`, () => {
    const { body, caller } = begun(1_000)
    caller.drain()
    let most = 0
    for (let count = 0; count < 1_000; count += 1) {
      if (body.log.at(-1) === 'pause') caller.drain()
      body.data('x'.repeat(300))
      most = Math.max(most, caller.held())
    }
    assert.ok(most >= 1_000 && most <= 1_400, `${most} bytes were held`)
  })
}

test('a slow caller of small events stops the upstream too', () => {
  const { body, caller } = relayed({ caller: fakeCaller(100), isStream: true })
  body.data(`data: ${PROGRESS}\n\ndata: ${PROGRESS}\n\n`)
  assert.deepEqual(body.log, ['pause'])
  caller.drain()
  assert.deepEqual(body.log, ['pause', 'resume'])
})

test('white space without end is no answer, before one or behind it, in large pieces or small ones', async () => {
  for (const before of ['', ANSWER])
    for (const [piece, pieces] of [
      [65_536, 1],
      [1, 1_008],
    ] as const) {
      const { body, caller, trail, abandoned, done } = relayed()
      if (before !== '') body.data(before)
      body.data(' ')
      for (let time = 1; time < pieces; time += 1) body.data(' '.repeat(piece))
      assert.deepEqual([caller.log, abandoned()], [[], 0])
      body.data(' '.repeat(piece))
      await done
      assert.deepEqual([trail.broken, abandoned()], ['RINGMAIN_UPSTREAM_BAD_RESPONSE', 1])
      assert.match(caller.log.join(), /^send \d+ <?RINGMAIN_UPSTREAM_BAD_RESPONSE/)
    }
})

test('white space that a slow server sends to keep a connection is not counted against its answer', async () => {
  const { body, caller, done } = relayed()
  for (let time = 0; time < 600; time += 1) body.data(' ')
  body.data(ANSWER)
  body.end()
  await done
  assert.match(caller.log.join(), /^send 200 /)
})
