// A merged page that is kept: for whom, for how long, and what ends it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VirtualServerPolicy } from '#routes/route-table.ts'
import { JoinedPages, type Place } from './joined-pages.ts'

const server: VirtualServerPolicy = {
  name: 'default',
  naming: 'prefix',
  criticality: 'critical',
  members: [{ cluster: 'crm', prefix: 'crm' }],
}
const PLACE: Place = { key: 'k', server, epoch: 'e' }

const list = (ttlMs: number, unavailable: readonly string[] = []) =>
  ({
    member: 'tools',
    items: [Buffer.from('{"name":"a"}')],
    nextCursor: 'sealed',
    unavailable,
    serverInfo: {},
    isPublic: true,
    ttlMs,
  }) as const

function scene(random = 0) {
  let nowMs = 1_000
  const pages = new JoinedPages({ nowMs: () => nowMs, random: () => random })
  return {
    keep: (ttlMs: number, unavailable?: readonly string[]) =>
      pages.keep(PLACE, list(ttlMs, unavailable)),
    get: (differences: Partial<Place> = {}) => pages.get({ ...PLACE, ...differences }),
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

test('the next caller alike gets the same page, and is told how long it still holds', () => {
  const { keep, get, pass } = scene()
  assert.equal(get(), undefined)
  keep(5_000)
  pass(1_999.5)
  assert.deepEqual(get(), list(3_000))
  assert.equal(get({ key: 'another' }), undefined)
})

test('it ends with what it was read of, and with the document of its server', () => {
  for (const differences of [{ epoch: 'later' }, { server: { ...server } }]) {
    const { keep, get } = scene()
    keep(5_000)
    assert.equal(get(differences), undefined)
    assert.equal(get(), undefined, 'and nothing of it is kept')
  }
})

test('before it ceases to hold its clusters are looked at again, not by all routers at one moment', () => {
  for (const [random, lastMs] of [
    [0, 4_999],
    [0.5, 4_749],
  ] as const) {
    const { keep, get, pass } = scene(random)
    keep(5_000)
    pass(lastMs)
    assert.ok(get() !== undefined)
    pass(1)
    assert.equal(get(), undefined)
  }
})

test('what does not hold, or lacks a cluster, is not kept', () => {
  const { keep, get } = scene()
  keep(0)
  assert.equal(get(), undefined)
  keep(5_000, ['crm'])
  assert.equal(get(), undefined)
})
