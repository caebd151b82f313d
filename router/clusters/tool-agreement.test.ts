// Which replicas serve when their tools differ: the larger group, the one that serves while it is not smaller, and never none.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { toolsNamed } from '#test/support/tools-named.ts'
import { Endpoint } from './endpoint.ts'
import { ServingSets } from './serving-sets.ts'

function ground(mustAgree = true) {
  const told: string[] = []
  const sets = new ServingSets({
    mustAgree,
    onApart: ({ instance, isApart }) =>
      void told.push(`${instance.port} ${isApart ? 'apart' : 'joined'}`),
  })
  const endpoints = new Map<number, Endpoint>()
  return {
    told,
    /** Checked, and found with this list; without one it would not tell. */
    up: (port: number, toolsDigest?: string, era: 'modern' | 'legacy' = 'modern') => {
      const endpoint = endpoints.get(port) ?? new Endpoint(instanceAt(port))
      endpoints.set(port, endpoint)
      endpoint.becomeUp(0)
      endpoint.learned = {
        eras: [era],
        isSessionful: false,
        tools: toolsNamed('t'),
        ...(toolsDigest === undefined ? {} : { toolsDigest }),
      }
      sets.update(endpoint)
    },
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

test('one that does not tell its list is never set apart', () => {
  const { up, serving } = ground()
  up(1, 'a')
  up(2)
  assert.deepEqual(serving(), [1, 2])
})

test('a tool is found at one of those that agree, at one that tells no digest, and nowhere else', () => {
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
      up(port, ['a', 'b', 'c'][random(3)])
      alive.add(port)
    }
    assert.equal(serving().length > 0, alive.size > 0, `step ${step}`)
  }
})
