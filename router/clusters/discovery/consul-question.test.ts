// What is asked of Consul, word for word, and which of its answers are none, or doubtful.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SOUND } from '#test/support/query-rig.ts'
import { doubtOf, faultIn, listsTheSame, pathOf } from './consul-question.ts'

const NONE = { instances: [], notes: [] }
const QUESTION = { service: 's' }

test('no name gets out of its place in the question', () => {
  const odd = 'a/../b?c&d=e#f g'
  const url = new URL(pathOf({ service: odd, filter: odd, datacenter: odd }, 7n), 'http://a')
  assert.equal(decodeURIComponent(url.pathname), `/v1/health/service/${odd}`)
  assert.deepEqual(
    [...url.searchParams],
    [
      ['stale', ''],
      ['index', '7'],
      ['wait', '20s'],
      ['filter', odd],
      ['dc', odd],
    ],
  )
})

test('an empty list is believed of a server that can know, and of no other', () => {
  assert.equal(faultIn(SOUND, NONE, QUESTION), undefined)
  for (const [answer, kind, says] of [
    [{ isFilteredByAcl: true }, 'hidden', /hides every instance of s /],
    [{ isBlind: true }, 'hidden', /asked without a token/],
    [{ knowsLeader: false }, 'busy', /knows no leader/],
  ] as const) {
    const fault = faultIn({ ...SOUND, ...answer }, NONE, QUESTION)
    assert.equal(fault?.kind, kind)
    assert.match(fault?.says ?? '', says)
  }
})

test('a list whose entries were all left out is not empty', () => {
  const set = { instances: [], notes: ['n1/a: it has no port and is left out'] }
  assert.equal(faultIn({ ...SOUND, isFilteredByAcl: true }, set, QUESTION), undefined)
})

test('a list that cannot be read is told by its service, and why', () => {
  const set = { garbled: 'entry 3 has no list of checks' }
  assert.deepEqual(faultIn(SOUND, set, QUESTION), {
    kind: 'garbled',
    says: "Consul's answer about s cannot be read: entry 3 has no list of checks",
  })
})

test('no list is known before one was read, or by an index that nobody said', () => {
  assert.equal(listsTheSame(undefined, SOUND, 0), false)
  const untold = { ...SOUND, index: undefined }
  assert.equal(listsTheSame({ answer: untold, instances: 5_000, atMs: 0 }, untold, 0), false)
})

test('a list is doubtful from more than ten seconds without a leader on', () => {
  assert.deepEqual(doubtOf({ ...SOUND, lastContactMs: 10_000 }), {})
  assert.match(doubtOf({ ...SOUND, lastContactMs: 10_001 }).doubt ?? '', /more than 10 s/)
})
