// One pool a replica, for as long as it is in the set.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Endpoint } from '#router/clusters/endpoint.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { Pools } from './pools.ts'

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
