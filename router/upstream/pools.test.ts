// One pool a replica, for as long as it is in the set.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { Endpoint } from '#router/clusters/endpoint.ts'
import { askReplica } from '#test/support/ask-replica.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { until } from '#test/support/until.ts'
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

test('closing closes every connection at once', async t => {
  const pools = new Pools()
  let connections = 0
  const server = createServer((_request, response) => response.end('well')).listen(0, '127.0.0.1')
  t.after(() => server.close())
  server.on('connection', socket => {
    connections += 1
    socket.on('close', () => {
      connections -= 1
    })
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  for (let time = 0; time < 2; time += 1)
    await askReplica(pools.of(new Endpoint({ ...instanceAt(1), port })))
  assert.equal(connections, 2)
  await pools.close()
  assert.equal(pools.size, 0)
  await until('both to be closed', () => connections === 0)
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
  const call = askReplica(kept).catch(() => undefined)
  const others = Array.from(
    { length: MOST_POOLS + 10 },
    (_, number) => new Endpoint(instanceAt(number)),
  )
  const first = others.map(other => pools.of(other))[0]
  assert.equal(pools.size, MOST_POOLS)
  assert.equal(pools.of(busy), kept)
  assert.notEqual(pools.of(others[0] as Endpoint), first)
  kept.destroy()
  await call
})

test('among few a check goes through the pool of its replica; among many it has a connection of its own, unless calls have a pool', async t => {
  const pools = new Pools()
  t.after(() => pools.close())
  const few = new Endpoint(instanceAt(1))
  assert.equal(pools.forCheck(few).of(few), pools.of(few))
  const others = Array.from({ length: 300 }, (_, number) => new Endpoint(instanceAt(number)))
  for (const other of others) pools.of(other)
  assert.equal(pools.forCheck(few).of(few), pools.of(few))
  const fresh = new Endpoint(instanceAt(2))
  const { size } = pools
  const check = pools.forCheck(fresh)
  assert.equal(check.of(fresh), check.of(fresh))
  check.end()
  assert.equal(pools.size, size)
})

test('a connection of a check is closed with it, once what is under way has been said', async t => {
  const pools = new Pools()
  t.after(() => pools.close())
  for (let number = 0; number < 300; number += 1) pools.of(new Endpoint(instanceAt(number)))
  const { port, answer, connections } = await slowServer(t)
  const endpoint = new Endpoint({ ...instanceAt(1), port })
  const check = pools.forCheck(endpoint)
  const asked = askReplica(check.of(endpoint))
  while (connections() === 0) await new Promise(resolve => setImmediate(resolve))
  check.end()
  answer()
  assert.equal((await asked).text, 'said')
  while (connections() > 0) await new Promise(resolve => setImmediate(resolve))
})

async function slowServer(t: TestContext) {
  let connections = 0
  const waiting: (() => void)[] = []
  const server = createServer((_request, response) => {
    waiting.push(() => response.end('said'))
    if (isAnswering) answer()
  }).listen(0, '127.0.0.1')
  let isAnswering = false
  const answer = (): void => {
    isAnswering = true
    for (const end of waiting.splice(0)) end()
  }
  server.on('connection', socket => {
    connections += 1
    socket.on('close', () => {
      connections -= 1
    })
  })
  t.after(() => server.close())
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, answer, connections: () => connections }
}

test('a head of more than 16 KiB is no answer', async t => {
  const server = createServer((request, response) => {
    response.writeHead(200, { x: 'y'.repeat(Number(request.headers['x-size'])) }).end('well')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const pools = new Pools()
  t.after(async () => {
    await pools.close()
    server.close()
    server.closeAllConnections()
  })
  const pool = pools.of(new Endpoint(instanceAt((server.address() as AddressInfo).port)))
  const ask = async (size: number): Promise<string> => {
    return (await askReplica(pool, { fieldLines: `x-size: ${size}\r\n` })).text
  }
  assert.equal(await ask(15_000), 'well')
  await assert.rejects(ask(16_400), { code: 'MALFORMED_ANSWER' })
})
