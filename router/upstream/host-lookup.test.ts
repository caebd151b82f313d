// Names that nobody answers for keep those waiting that somebody does answer for, or files: never.
import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { test } from 'node:test'
import { createHostLookup, type HostLookup } from './host-lookup.ts'

const GOOD: LookupAddress[] = [{ address: '10.0.0.1', family: 4 }]

/** A resolver that answers when the test says so. */
function ground() {
  const open = new Map<string, (error: Error | null, found: LookupAddress[]) => void>()
  let most = 0
  const lookup: HostLookup = createHostLookup((host, options, callback) => {
    assert.equal(options.all, true)
    assert.ok(!open.has(host), `${host} was asked twice at once`)
    open.set(host, callback)
    most = Math.max(most, open.size)
  })
  const told: string[] = []
  return {
    told,
    most: () => most,
    asked: () => [...open.keys()],
    ask: (...hosts: readonly string[]) => {
      for (const host of hosts)
        lookup(host, {}, (error, found) => {
          const [first] = found
          told.push(`${host} ${error === null ? first?.address : error.code}`)
        })
    },
    answer: (host: string, error: Error | null = null) => {
      const callback = open.get(host) ?? assert.fail(`${host} was not asked`)
      open.delete(host)
      callback(error, error === null ? GOOD : [])
    },
  }
}

const settled = (): Promise<void> => Promise.resolve()
const TIMED_OUT = Object.assign(new Error('played EAI_AGAIN'), { code: 'EAI_AGAIN' })
const DEAD = Array.from({ length: 8 }, (_, index) => `dead${index}`)

test('names that were never answered hold two threads, and one that was has a third', () => {
  const { ask, asked, answer, told, most } = ground()
  ask('good')
  answer('good')
  ask(...DEAD, 'good')
  assert.deepEqual(asked(), ['dead0', 'dead1', 'good'])
  answer('good')
  assert.deepEqual(told, ['good 10.0.0.1', 'good 10.0.0.1'])
  assert.equal(most(), 3)
})

test('names that failed hold one thread, and are told at once while it is taken', async () => {
  const { ask, asked, answer, told } = ground()
  ask(...DEAD)
  for (const name of DEAD) answer(name, TIMED_OUT)
  assert.deepEqual([asked(), told.splice(0)], [[], DEAD.map(name => `${name} EAI_AGAIN`)])
  ask(...DEAD, 'dead0')
  await settled()
  assert.deepEqual(asked(), ['dead0'])
  assert.deepEqual(
    told,
    [...DEAD.slice(1), 'dead0'].map(name => `${name} EAI_AGAIN`),
  )
  ask('new', 'newer')
  assert.deepEqual(asked(), ['dead0', 'new'])
  answer('new')
  assert.deepEqual(asked(), ['dead0', 'newer'])
})

test('a name that was answered goes before those that were not', () => {
  const { ask, asked, answer } = ground()
  for (const name of ['a', 'b', 'c', 'd']) {
    ask(name)
    answer(name)
  }
  ask('x', 'y', 'z', 'a', 'b', 'c')
  assert.deepEqual(asked(), ['x', 'y', 'a'])
  answer('a')
  assert.deepEqual(asked(), ['x', 'y', 'b'])
  answer('x', TIMED_OUT)
  assert.deepEqual(asked(), ['y', 'b', 'c'])
})

test('a name that is answered again is asked as any other that is', () => {
  const { ask, asked, answer, told } = ground()
  ask('a')
  answer('a', TIMED_OUT)
  ask('a')
  answer('a')
  ask('x', 'y', 'a')
  assert.deepEqual(asked(), ['x', 'y', 'a'])
  assert.deepEqual(told, ['a EAI_AGAIN', 'a 10.0.0.1'])
})

test('connections to one name wait for one lookup', () => {
  const { ask, asked, answer, told } = ground()
  ask('a', 'a', 'a')
  assert.deepEqual(asked(), ['a'])
  answer('a')
  assert.deepEqual(told, Array(3).fill('a 10.0.0.1'))
})

test('localhost is never asked for, and has the addresses of the family that is wanted', async () => {
  const { ask, asked, told } = ground()
  ask(...DEAD, 'localhost')
  await settled()
  assert.deepEqual([asked().length, told], [2, ['localhost 127.0.0.1']])
  const lookup = createHostLookup(() => assert.fail('it was asked for'))
  const found: string[][] = []
  for (const family of [0, 4, 6, 'IPv6'] as const)
    lookup('localhost', { family }, (_, all) => found.push(all.map(({ address }) => address)))
  await settled()
  const both = ['127.0.0.1', '::1']
  assert.deepEqual(found, [both, ['127.0.0.1'], ['::1'], ['::1']])
})

test('of very many names the oldest is forgotten: it is new again', () => {
  const { ask, answer, asked } = ground()
  ask('first')
  answer('first', TIMED_OUT)
  for (let index = 0; index < 4_096; index += 1) {
    ask(`n${index}`)
    answer(`n${index}`, TIMED_OUT)
  }
  ask('n4000', 'n4001', 'first')
  assert.deepEqual(asked(), ['n4000', 'first']) // n4001 was told at once
})
