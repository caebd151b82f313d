// What is said to a replica beside its calls is no more than it is worth.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSealer } from '#foundation/seal.ts'
import { callAs } from '#test/support/call-facts.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { settle } from '#test/support/manual-time.ts'
import { watchedCluster } from '#test/support/watch-ground.ts'
import { Endpoint } from './clusters/endpoint.ts'
import { carriedBy } from './said-beside.ts'

test('a server that pings without end is answered a few at a time', async t => {
  const { active, requests } = watchedCluster(t)
  const cluster = active.cluster('crm') ?? assert.fail()
  const ports = {
    say: requests.say,
    client: { name: 'ringmain', version: '1' },
    sealer: createSealer(Buffer.alloc(32, 1)),
    asks: { ask: () => assert.fail('nobody is asked') },
  }
  const legacy = { version: '2025-11-25', sessionId: 's' }
  const endpoint = new Endpoint(instanceAt(1))
  const replica = { cluster, endpoint, isBound: false, era: 'legacy', legacy } as const
  const rounds = { seal: () => '', park: () => '', waitsMs: () => 0 }
  const carry = carriedBy(ports, { ...callAs(), rounds }, replica)
  const ping = Buffer.from('{"jsonrpc":"2.0","id":5,"method":"ping"}')
  for (let count = 0; count < 1_000; count += 1) assert.deepEqual(carry(ping), { kind: 'off' })
  assert.equal(requests.sent.length, 8)
  assert.deepEqual(requests.last().message, { jsonrpc: '2.0', id: 5, result: {} })
  await requests.last().status(202)
  await settle()
  carry(ping)
  assert.equal(requests.sent.length, 9)
})
