// Comments without end: few go on, and reading the rest is paced, so that a stream of nothing costs next to nothing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { relayed } from '#test/support/relayed.ts'
import { CommentPace, LONGEST_COMMENT } from './comment-pace.ts'

test('sixteen comments go on at once, and one more each second', () => {
  let nowMs = 0
  const pace = new CommentPace(() => nowMs)
  const taken = (): number => Array.from({ length: 100 }, () => pace.take()).filter(Boolean).length
  assert.equal(taken(), 16)
  nowMs = 999
  assert.equal(taken(), 0)
  nowMs = 3_100
  assert.equal(taken(), 3)
  nowMs = 60_000
  assert.equal(taken(), 16)
})

test('a server that sends a comment every few seconds is never held up', () => {
  let nowMs = 0
  const pace = new CommentPace(() => nowMs)
  for (let beat = 0; beat < 10_000; beat += 1) {
    nowMs += 5_000
    assert.equal(pace.take(), true)
    assert.equal(pace.pauseMs(), 0)
  }
})

test('what nobody gets is read at 64 KiB a second once the first 64 KiB are over', () => {
  let nowMs = 0
  const pace = new CommentPace(() => nowMs)
  pace.drop(65_536)
  assert.equal(pace.pauseMs(), 0)
  pace.drop(32_768)
  assert.equal(pace.pauseMs(), 500)
  nowMs += 500
  assert.equal(pace.pauseMs(), 0)
  pace.drop(10_000_000)
  assert.equal(pace.pauseMs(), 1_000)
})

test('a flood of comments is held back at the replica and goes on to be read after a pause', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { body, caller } = relayed({ isStream: true })
  body.data(':\n'.repeat(30_000))
  assert.deepEqual(body.log, ['pause'])
  assert.equal(caller.text(), ':\n'.repeat(16))
  t.mock.timers.tick(1_000)
  assert.deepEqual(body.log, ['pause', 'resume'])
})

test('a message behind a flood still arrives', () => {
  const { body, caller } = relayed({ isStream: true })
  body.data(`${': x\n'.repeat(1_000)}data: {"jsonrpc":"2.0","id":7,"result":{}}\n\n`)
  assert.ok(caller.text().endsWith('data: {"jsonrpc":"2.0","id":"x","result":{}}\n\n'))
})

test('of one comment a kibibyte goes on, and its line still ends', () => {
  const { body, caller } = relayed({ isStream: true })
  body.data(`:${'x'.repeat(5_000)}`)
  body.data(`${'y'.repeat(5_000)}\n: next\n`)
  assert.equal(caller.text(), `:${'x'.repeat(LONGEST_COMMENT)}\n: next\n`)
})
