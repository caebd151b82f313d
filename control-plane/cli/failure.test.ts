// Failures read the same everywhere: what, where, why, next; and scripts get one line.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failureAsJson, failureAsText, isUnreachable, reasonOf } from './failure.ts'

test('people read what failed, where, why and what to do', () => {
  const parts = { code: 'x', what: 'it failed', where: 'a.yaml:1:2', why: 'no', next: 'try again' }
  assert.equal(
    failureAsText(parts),
    'error: it failed\n  where  a.yaml:1:2\n  why    no\n  next   try again',
  )
  assert.equal(failureAsText({ code: 'x', what: 'it failed' }), 'error: it failed')
})

test('scripts read one line with stable members', () => {
  const line = failureAsJson({
    code: 'x',
    what: 'it\nfailed',
    where: 'here',
    why: 'no',
    next: 'go',
  })
  assert.ok(!line.includes('\n'))
  assert.deepEqual(JSON.parse(line), {
    error: {
      code: 'x',
      title: 'it\nfailed',
      detail: 'here: no',
      hint: 'go',
      docs: 'docs/reference/cli.md',
    },
  })
})

test('the reason is found at the bottom of a chain of wrappers', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  const wrapped = new TypeError('fetch failed', { cause: refused })
  assert.equal(reasonOf(wrapped), 'connect ECONNREFUSED')
  assert.ok(isUnreachable(wrapped))
  const both = new TypeError('fetch failed', { cause: new AggregateError([refused, refused], '') })
  assert.equal(reasonOf(both), 'connect ECONNREFUSED')
  assert.ok(isUnreachable(both))
})

test('an answer that says no is not an unreachable server', () => {
  assert.ok(!isUnreachable(new Error('HTTP 500')))
  assert.ok(!isUnreachable('ECONNREFUSED'))
})
