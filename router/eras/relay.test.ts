// An answer on its way to the caller: whole or streamed, at the caller's pace, and ended truthfully when it breaks.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Relay, Trail } from '#router/facts.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import { type FakeBody, fakeBody } from '#test/support/fake-body.ts'
import { type FakeCaller, fakeCaller } from '#test/support/fake-caller.ts'
import { relayAnswer } from './relay.ts'

interface Relayed {
  readonly body: FakeBody
  readonly caller: FakeCaller
  readonly trail: Trail
  readonly abandoned: () => number
  readonly done: Promise<void>
}

interface Scene extends Partial<Omit<Relay, 'body' | 'abandon'>> {
  readonly caller?: FakeCaller
  /** Bytes that are there before the relay begins. */
  readonly early?: (body: FakeBody) => void
}

function relayed({ caller = fakeCaller(), early, ...relay }: Scene = {}): Relayed {
  const body = fakeBody()
  const trail: Trail = { attempts: 1 }
  let abandoned = 0
  early?.(body)
  const done = relayAnswer(
    caller,
    {
      isStream: false,
      upstreamIdJson: '7',
      callerIdJson: '"x"',
      ...relay,
      body,
      abandon: () => {
        abandoned += 1
      },
    },
    {
      trail,
      refusal: ({ code }: Refusal) => ({
        status: 200,
        headers: { by: 'router' },
        body: `<${code}>`,
      }),
    },
  )
  return { body, caller, trail, abandoned: () => abandoned, done }
}

const ANSWER = '{"jsonrpc":"2.0","id":7,"result":{}}'
const SWAPPED = '{"jsonrpc":"2.0","id":"x","result":{}}'
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

test('an answer that comes in parts is begun after the first turn and streamed', async () => {
  const { body, caller, done } = relayed({ early: one => one.data('{"jsonrpc":"2.0","id":7,') })
  await turn()
  assert.deepEqual(caller.log, [
    'begin 200',
    'write {"jsonrpc":"2.0","id":',
    'write "x"',
    'write ,',
  ])
  body.data('"result":{}}')
  body.end()
  await done
  assert.equal(caller.text(), SWAPPED)
  assert.equal(caller.log.at(-1), 'end')
})

test('an answer that begins late is streamed at once', async () => {
  const { body, caller, done } = relayed()
  await turn()
  assert.deepEqual(caller.log, [])
  body.data(ANSWER)
  assert.equal(caller.log[0], 'begin 200')
  body.end()
  await done
  assert.equal(caller.text(), SWAPPED)
})

test('the length is told where the bytes stay the same, and not where the id changes it', async () => {
  const same = relayed({ callerIdJson: '7', contentLength: '36' })
  await turn()
  same.body.data(ANSWER)
  assert.equal(same.caller.headers['content-length'], '36')
  same.body.end()
  await same.done
  assert.equal(same.caller.text(), ANSWER)
  const swapped = relayed({ contentLength: '36' })
  await turn()
  swapped.body.data(ANSWER)
  assert.equal(swapped.caller.headers['content-length'], undefined)
})

test('a body that answers another id is not passed on as this call’s answer', async () => {
  const wrong = '{"jsonrpc":"2.0","id":8,"result":{"of":"another chat"}}'
  const whole = relayed({
    early: body => {
      body.data(wrong)
      body.end()
    },
  })
  await whole.done
  assert.deepEqual(whole.caller.log, ['send 200 <RINGMAIN_UPSTREAM_BAD_RESPONSE>'])
  assert.equal(whole.trail.broken, 'RINGMAIN_UPSTREAM_BAD_RESPONSE')
  const begun = relayed({ early: body => body.data(wrong) })
  await turn()
  begun.body.end()
  await begun.done
  assert.equal(begun.caller.log.at(-1), 'cut')
})

test('an answer that breaks before its first byte, or before it was begun, is told in words', async () => {
  for (const early of [[], ['{"jsonrpc"']]) {
    const { caller, trail, done } = relayed({
      early: body => {
        for (const chunk of early) body.data(chunk)
        body.broken()
      },
    })
    await done
    assert.deepEqual(caller.log, ['send 200 <RINGMAIN_OUTCOME_UNKNOWN>'])
    assert.equal(trail.broken, 'RINGMAIN_OUTCOME_UNKNOWN')
  }
})

test('an answer that breaks after it was begun is cut, so that nobody takes a part for the whole', async () => {
  const { body, caller, trail, done } = relayed({ early: one => one.data('{"jsonrpc"') })
  await turn()
  body.broken()
  await done
  assert.deepEqual(caller.log, ['begin 200', 'write {"jsonrpc"', 'cut'])
  assert.equal(trail.broken, 'RINGMAIN_OUTCOME_UNKNOWN')
})

test('a stream begins at once, without a byte, and tells proxies to keep their hands off', () => {
  const { caller } = relayed({ isStream: true })
  assert.deepEqual(caller.log, ['begin 200'])
  assert.deepEqual(caller.headers, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  })
})

test('a stream ends when its answer has gone out', async () => {
  const { body, caller, trail, done } = relayed({ isStream: true })
  body.data(`id: 1\ndata: {"method":"notifications/progress"}\n\ndata: ${ANSWER}\n\n`)
  body.end()
  await done
  assert.equal(caller.text(), `data: {"method":"notifications/progress"}\n\ndata: ${SWAPPED}\n\n`)
  assert.equal(caller.log.at(-1), 'end')
  assert.equal(trail.broken, undefined)
})

test('a stream that breaks after its answer has lost nothing', async () => {
  const { body, caller, trail, done } = relayed({ isStream: true })
  body.data(`data: ${ANSWER}\n\n`)
  body.broken()
  await done
  assert.equal(caller.log.at(-1), 'end')
  assert.equal(trail.broken, undefined)
})

test('a stream that stops between events is ended with an error event', async () => {
  for (const [finish, code] of [
    ['end', 'RINGMAIN_UPSTREAM_BAD_RESPONSE'],
    ['broken', 'RINGMAIN_OUTCOME_UNKNOWN'],
  ] as const) {
    const { body, caller, trail, done } = relayed({ isStream: true })
    body.data('data: {"method":"notifications/progress"}\n\nid: 5')
    body[finish]()
    await done
    assert.equal(
      caller.text(),
      `data: {"method":"notifications/progress"}\n\nevent: message\ndata: <${code}>\n\n`,
    )
    assert.equal(caller.log.at(-1), 'end')
    assert.equal(trail.broken, code)
  }
})

test('a stream that stops inside an event is cut', async () => {
  for (const finish of ['end', 'broken'] as const) {
    const { body, caller, done } = relayed({ isStream: true })
    body.data('data: {"jsonrpc"')
    body[finish]()
    await done
    assert.equal(caller.log.at(-1), 'cut')
    assert.doesNotMatch(caller.text(), /RINGMAIN/)
  }
})

test('a caller who leaves ends the exchange once, and nothing is written any more', async () => {
  for (const isStream of [true, false]) {
    const { body, caller, trail, abandoned, done } = relayed({ isStream })
    body.data(isStream ? 'data: 1\n\n' : '{')
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
  test(`a slow caller of ${isStream ? 'a stream' : 'a body'} stops the upstream, and each drain lets it go on once`, async () => {
    const caller = fakeCaller(100)
    const { body } = relayed({ caller, isStream, upstreamIdJson: '7', callerIdJson: '7' })
    await turn()
    const chunk = isStream ? `data: "${'x'.repeat(90)}"\n\n` : 'x'.repeat(100)
    body.data(chunk)
    assert.deepEqual(body.log, ['pause'])
    caller.drain()
    assert.deepEqual(body.log, ['pause', 'resume'])
    caller.drain()
    assert.deepEqual(body.log, ['pause', 'resume'])
    body.data(chunk)
    caller.drain()
    assert.deepEqual(body.log, ['pause', 'resume', 'pause', 'resume'])
  })

  test(`what ${isStream ? 'a stream' : 'a body'} holds for a slow caller is bounded by one chunk beyond its limit`, async () => {
    const caller = fakeCaller(1_000)
    const { body } = relayed({ caller, isStream, callerIdJson: '7' })
    await turn()
    let most = 0
    for (let count = 0; count < 1_000; count += 1) {
      const isPaused = body.log.at(-1) === 'pause'
      if (isPaused) caller.drain()
      body.data(isStream ? `data: "${'x'.repeat(300)}"\n\n` : 'x'.repeat(300))
      most = Math.max(most, caller.held())
    }
    assert.ok(most >= 1_000 && most <= 1_400, `${most} bytes were held`)
  })
}
