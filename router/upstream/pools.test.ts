// One pool a replica, for as long as it is in the set.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { Endpoint } from '#router/clusters/endpoint.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { MOST_POOLS, Pools } from './pools.ts'

test('a replica has one pool, another replica at the same address has its own', async t => {
  const pools = new Pools()
  t.after(() => pools.close())
  const [one, other] = [new Endpoint(instanceAt(1)), new Endpoint(instanceAt(1))]
  assert.equal(pools.of(one), pools.of(one))
  assert.notEqual(pools.of(one), pools.of(other))
  assert.equal(pools.size, 2)
})

test('a replica that left lets go of its pool once, and would get a new one', async t => {
  const pools = new Pools()
  t.after(() => pools.close())
  const endpoint = new Endpoint(instanceAt(1))
  const before = pools.of(endpoint)
  pools.release(endpoint)
  pools.release(endpoint)
  assert.equal(pools.size, 0)
  assert.notEqual(pools.of(endpoint), before)
})

test('closing closes every pool at once', async () => {
  const pools = new Pools()
  const pool = pools.of(new Endpoint(instanceAt(1)))
  await pools.close()
  assert.equal(pools.size, 0)
  assert.equal(pool.destroyed, true)
})

test('very many replicas share a bound: the pool that was used longest ago goes, never one with a call', async t => {
  const pools = new Pools()
  t.after(() => pools.close())
  const server = createServer(() => undefined).listen(0, '127.0.0.1')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const busy = new Endpoint({ ...instanceAt(1), port })
  const kept = pools.of(busy)
  const call = kept.request({ method: 'GET', path: '/' }).catch(() => undefined)
  const others = Array.from(
    { length: MOST_POOLS + 10 },
    (_, number) => new Endpoint(instanceAt(number)),
  )
  const first = others.map(other => pools.of(other))[0]
  assert.equal(pools.size, MOST_POOLS)
  assert.equal(pools.of(busy), kept)
  assert.notEqual(pools.of(others[0] as Endpoint), first)
  await kept.destroy()
  await call
})

test('among many, a pool that only a check used goes with the check; one that calls used stays', async t => {
  const pools = new Pools()
  t.after(() => pools.close())
  const few = new Endpoint(instanceAt(1))
  const alone = pools.of(few)
  pools.checked(few)
  assert.equal(pools.of(few), alone, 'among few it stays')
  const others = Array.from({ length: 300 }, (_, number) => new Endpoint(instanceAt(number)))
  for (const other of others) pools.of(other)
  const [called, idle] = others as [Endpoint, Endpoint]
  const [calledPool, idlePool] = [pools.of(called), pools.of(idle)]
  called.calls += 1
  pools.checked(called)
  pools.checked(idle)
  assert.equal(pools.of(called), calledPool)
  assert.notEqual(pools.of(idle), idlePool)
  pools.checked(called)
  assert.notEqual(pools.of(called), calledPool, 'no call came since')
})
