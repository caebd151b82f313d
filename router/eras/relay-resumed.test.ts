// A stream that its caller may come back for: ids go on as the caller can use them, and to leave it is not to give the call up.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANSWER, type Relayed, relayed, SWAPPED } from '#test/support/relayed.ts'

const PROGRESS = '{"jsonrpc":"2.0","method":"notifications/progress","params":{}}'

function scene(): { readonly relay: Relayed; readonly left: () => number } {
  let left = 0
  const resuming = {
    idOf: (own: string) => (own.includes('bad') ? undefined : `<${own}>`),
    leave: () => void (left += 1),
  }
  return { relay: relayed({ isStream: true, resuming }), left: () => left }
}

const heard = ({ caller }: Relayed): string => caller.text()

test('ids and pauses go on with their events, each as the caller can come back with it', async () => {
  const stream =
    `id: p\nretry: 500\ndata: \n\nid: 1\nid: 2\nevent: message\ndata: ${PROGRESS}\n\n` +
    `retry: x\nid: bad\ndata: ${PROGRESS}\n\nid: 9\nevent: other\ndata: {}\n\nid: 3\ndata: ${ANSWER}\n\n`
  for (const parts of [[stream], stream.split('')]) {
    const { relay } = scene()
    for (const part of parts) relay.body.data(part)
    await relay.done
    assert.equal(
      heard(relay),
      `data: \nid: <p>\nretry: 500\n\nevent: message\ndata: ${PROGRESS}\nid: <1>\nid: <2>\n\n` +
        `data: ${PROGRESS}\n\n\ndata: ${SWAPPED}\nid: <3>\n\n`,
    )
    assert.equal(relay.blamed(), 0)
  }
})

test('a server that ends the stream before its answer has done nothing wrong', async () => {
  const { relay } = scene()
  relay.body.data('id: p\ndata: \n\n')
  relay.body.end()
  await relay.done
  assert.deepEqual(relay.caller.log, ['begin 200', 'write data: \nid: <p>\n\n', 'end'])
  assert.deepEqual(relay.ends, [{ ended: 'left' }])
  assert.equal(relay.trail.broken, undefined)
})

test('without an id, or in the middle of a message, it has', async () => {
  for (const text of [`data: ${PROGRESS}\n\n`, 'id: bad\ndata: \n\n']) {
    const { relay } = scene()
    relay.body.data(text)
    relay.body.end()
    await relay.done
    assert.match(heard(relay), /RINGMAIN_UPSTREAM_BAD_RESPONSE/)
  }
})

test('a caller who leaves may come back: the tool runs on, unless the call was cancelled', async () => {
  for (const [text, isCancelled, expected] of [
    ['id: p\ndata: \n\n', false, [1, 0]],
    ['id: p\ndata: \n\n', true, [0, 1]],
    [`data: ${PROGRESS}\n\n`, false, [0, 1]],
  ] as const) {
    const { relay, left } = scene()
    relay.body.data(text)
    if (isCancelled) relay.trail.isCancelled = true
    relay.caller.leave()
    await relay.done
    assert.deepEqual([left(), relay.abandoned()], expected)
  }
})

test('ids without end are no stream', async () => {
  const { relay } = scene()
  for (let count = 0; count < 200; count += 1) relay.body.data(`id: ${'x'.repeat(1_000)}\n`)
  await relay.done
  assert.match(heard(relay), /RINGMAIN_UPSTREAM_BAD_RESPONSE/)
})
