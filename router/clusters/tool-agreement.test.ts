// Which replicas serve when their tools differ: the larger group, the one that serves while it is not smaller, and never none.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERAS, type Era } from '#routes/route-table.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { toolsNamed } from '#test/support/tools-named.ts'
import { Endpoint, type KnownList, MOST_MISSES } from './endpoint.ts'
import { ServingSets } from './serving-sets.ts'

const UNTOLD: KnownList = { problem: 'tools/list: HTTP 401' }

function ground(mustAgree = true) {
  const told: string[] = []
  const sets = new ServingSets({
    mustAgree,
    onPlaced: () => undefined,
    onApart: ({ instance, apart }, era) =>
      void told.push(`${instance.port} ${apart[era] === undefined ? 'joined' : 'apart'}`),
  })
  const endpoints = new Map<number, Endpoint>()
  /** Checked, and found with these lists. */
  const found = (port: number, lists: Partial<Record<Era, KnownList>>): void => {
    const endpoint = endpoints.get(port) ?? new Endpoint(instanceAt(port))
    endpoints.set(port, endpoint)
    endpoint.becomeUp(0)
    const eras = ERAS.filter(era => lists[era] !== undefined)
    endpoint.learned = { eras, isSessionful: false, tools: toolsNamed('t'), lists }
    sets.update(endpoint)
  }
  return {
    told,
    /** Checked, and found with this list; without one it would not tell. */
    up: (port: number, list: string | KnownList = UNTOLD, era: Era = 'modern') =>
      found(port, { [era]: typeof list === 'string' ? { digest: list } : list }),
    found,
    apart: (port: number) => endpoints.get(port)?.whyApart,
    notes: () => sets.notes(),
    tool: (name: string) => sets.tool(name),
    down: (port: number) => {
      const endpoint = endpoints.get(port) ?? assert.fail('unknown')
      endpoint.becomeDown('gone')
      sets.update(endpoint)
    },
    serving: (era: 'modern' | 'legacy' = 'modern') =>
      sets
        .of(era)
        .map(({ instance }) => instance.port)
        .toSorted((one, other) => one - other),
  }
}

test('a replica that differs is set apart, and joins when it agrees', () => {
  const { up, serving, told } = ground()
  up(1, 'a')
  up(2, 'a')
  up(3, 'b')
  assert.deepEqual(serving(), [1, 2])
  up(3, 'a')
  assert.deepEqual(serving(), [1, 2, 3])
  assert.deepEqual(told, ['3 apart', '3 joined'])
})

test('a rollout moves the calls once, when the new ones are more', () => {
  const { up, serving } = ground()
  for (const port of [1, 2, 3]) up(port, 'old')
  up(1, 'new')
  assert.deepEqual(serving(), [2, 3])
  up(2, 'new')
  assert.deepEqual(serving(), [1, 2])
  up(3, 'new')
  assert.deepEqual(serving(), [1, 2, 3])
})

test('of two equal groups the one that serves goes on', () => {
  const { up, serving } = ground()
  up(1, 'b')
  up(2, 'a')
  assert.deepEqual(serving(), [1])
  up(3, 'a')
  assert.deepEqual(serving(), [2, 3])
  up(4, 'b')
  assert.deepEqual(serving(), [2, 3])
})

test('when the last that serves goes, those that were apart serve', () => {
  const { up, down, serving, told } = ground()
  up(1, 'a')
  up(2, 'b')
  down(1)
  assert.deepEqual(serving(), [2])
  up(1, 'a')
  assert.deepEqual(serving(), [2])
  assert.deepEqual(told, ['2 apart', '2 joined', '1 apart'])
})

test('one that does not tell its list is set apart from those that do, and says why', () => {
  const { up, serving, apart, told, notes } = ground()
  up(2)
  assert.deepEqual([serving(), notes()], [[2], []], 'alone it serves')
  up(1, 'a')
  assert.deepEqual([serving(), told], [[1], ['2 apart']])
  assert.equal(apart(2), 'its list of tools is not known: tools/list: HTTP 401')
  up(2, 'a')
  assert.deepEqual([serving(), apart(2)], [[1, 2], undefined])
})

test('where nobody tells a list all serve, and the notes say that nobody knows', () => {
  const { up, down, serving, notes } = ground()
  up(1, 'a')
  up(2)
  up(3)
  down(1)
  assert.deepEqual(serving(), [2, 3])
  assert.deepEqual(notes(), [
    'whether its 2 modern replicas list the same tools is not known: tools/list: HTTP 401',
  ])
  assert.deepEqual(ground(false).notes(), [])
})

const missed = (digest: string, misses: number): KnownList => ({ digest, misses, problem: 'cut' })

test('one whose list cannot be read stays for some checks, then it is apart while that of a sibling can be read', () => {
  const { up, serving, apart } = ground()
  up(1, 'a')
  for (let misses = 1; misses < MOST_MISSES; misses += 1) {
    up(2, missed('a', misses))
    assert.deepEqual(serving(), [1, 2])
  }
  up(2, missed('a', MOST_MISSES))
  assert.deepEqual(serving(), [1])
  assert.equal(apart(2), 'its list of tools can no longer be read: cut')
  up(1, missed('a', 1))
  assert.deepEqual(serving(), [1, 2], 'nobody can show a list now')
  up(3)
  up(4, 'b')
  assert.deepEqual(serving(), [1, 2], 'what was never known, or differs, is still apart')
  up(1, 'a')
  assert.deepEqual(serving(), [1])
})

test('a tool is found at those that serve, and nowhere else', () => {
  const { up, tool } = ground()
  up(1, 'a')
  up(2)
  assert.deepEqual([tool('t'), tool('nope')], [{ mirrors: [] }, undefined])
  const { up: upAny, tool: toolAny } = ground(false)
  upAny(1, 'a')
  assert.deepEqual([toolAny('t'), toolAny('nope')], [{ mirrors: [] }, undefined])
  const { up: untold, tool: byName } = ground()
  untold(1)
  assert.deepEqual(byName('t'), { mirrors: [] })
})

test('lists of two eras are not compared', () => {
  const { up, serving } = ground()
  up(1, 'a')
  up(2, 'b', 'legacy')
  assert.deepEqual([serving(), serving('legacy')], [[1], [2]])
})

test('a legacy replica is held against the legacy lists of those that speak both', () => {
  const { found, serving, apart } = ground()
  for (const port of [1, 2]) found(port, { modern: { digest: 'a' }, legacy: { digest: 'x' } })
  found(3, { legacy: { digest: 'other' } })
  assert.deepEqual(
    [serving(), serving('legacy')],
    [
      [1, 2],
      [1, 2],
    ],
  )
  assert.match(apart(3) ?? '', /^its tools differ/)
  found(3, { legacy: { digest: 'x' } })
  assert.deepEqual(serving('legacy'), [1, 2, 3])
})

test('one that differs in one of its lists serves the callers of the other', () => {
  const { found, serving, apart, told } = ground()
  for (const port of [1, 2]) found(port, { modern: { digest: 'a' }, legacy: { digest: 'x' } })
  found(3, { modern: { digest: 'a' }, legacy: { digest: 'other' } })
  assert.deepEqual(
    [serving(), serving('legacy')],
    [
      [1, 2, 3],
      [1, 2],
    ],
  )
  assert.match(apart(3) ?? '', /^for legacy callers: its tools differ/)
  found(3, { modern: { digest: 'a' }, legacy: { digest: 'x' } })
  assert.deepEqual(told, ['3 apart', '3 joined'])
})

test('where lists need not agree all serve', () => {
  const { up, serving, told } = ground(false)
  up(1, 'a')
  up(2, 'b')
  assert.deepEqual(serving(), [1, 2])
  assert.deepEqual(told, [])
})

test('however lists come and go, somebody serves while anybody is up', () => {
  const { up, down, serving } = ground()
  let state = 12_345
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % below
  }
  const alive = new Set<number>()
  for (let step = 0; step < 5_000; step += 1) {
    const port = 1 + random(6)
    if (alive.has(port) && random(2) === 0) {
      down(port)
      alive.delete(port)
    } else {
      up(port, ['a', 'b', missed('a', 3), missed('b', 1), UNTOLD][random(5)])
      alive.add(port)
    }
    assert.equal(serving().length > 0, alive.size > 0, `step ${step}`)
  }
})
