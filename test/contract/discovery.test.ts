// Runs the discovery contract on every provider: Consul and its name server are real, and the fake Consul that other tests
// use for faults is held to the same.
import assert from 'node:assert/strict'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Discovery } from '#router/clusters/discovery/instance.ts'
import { createSources } from '#router/clusters/discovery/open-discovery.ts'
import type { DiscoveryPolicy } from '#routes/route-table.ts'
import {
  type AgentService,
  type ConsulAgent,
  startConsulAgent,
} from '#test/support/consul-agent.ts'
import { type FakeReplica, startFakeConsul } from '#test/support/fake-consul.ts'
import { realPart } from '#test/support/real-parts.ts'
import { sentenceLog, snapshotLog } from '#test/support/snapshots.ts'
import { discoveryContract } from './discovery.contract.ts'
import { type DiscoveryRig, firstReplicas, type RigReplica } from './discovery-rig.ts'

async function opener(policy: DiscoveryPolicy, agents: readonly string[] = []) {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'ringmain-contract-'))
  return {
    // Sources of its own, as of another process: what it shares goes with it.
    open: (): Discovery => {
      const consul = { agents }
      const sources = createSources({ stateDirectory, consul, log: sentenceLog() })
      const discovery = sources.open(policy)
      return {
        ...discovery,
        async close() {
          await discovery.close()
          await sources.close()
        },
      }
    },
    clean: () => rm(stateDirectory, { recursive: true, force: true }),
  }
}

const fixed = 'a document is replaced as a whole, and its discovery with it'

discoveryContract({
  name: 'endpoints',
  cannot: {
    put: fixed,
    remove: fixed,
    repeat: fixed,
    fail: fixed,
    heal: fixed,
    weigh: fixed,
    drain: fixed,
    hold: fixed,
  },
  async makeRig() {
    const endpoints = firstReplicas.map(({ port }) => ({
      url: `http://127.0.0.1:${port}/mcp`,
      weight: 1,
    }))
    const { open, clean } = await opener({ kind: 'endpoints', endpoints })
    const never = async () => {}
    return {
      open,
      put: never,
      remove: never,
      repeat: never,
      fail: never,
      heal: never,
      close: clean,
    }
  },
})

discoveryContract({
  name: 'registry',
  cannot: { hold: 'a file that somebody wrote is believed: it cannot lose its data unnoticed' },
  async makeRig() {
    const folder = await mkdtemp(join(tmpdir(), 'ringmain-registry-'))
    const file = join(folder, 'registry.json')
    const replicas = new Map<string, RigReplica>(
      firstReplicas.map(replica => [replica.id, replica]),
    )
    const writeText = async (text: string) => {
      await writeFile(`${file}.new`, text)
      await rename(`${file}.new`, file)
    }
    const write = (order: readonly RigReplica[] = [...replicas.values()]) =>
      writeText(
        JSON.stringify({
          services: {
            s: order.map(({ id, port, weight, isDraining }) => ({
              id,
              address: '127.0.0.1',
              port,
              ...(weight === undefined ? {} : { weight }),
              ...(isDraining === true ? { state: 'draining' } : {}),
            })),
          },
        }),
      )
    await write()
    const { open, clean } = await opener({ kind: 'registry', file, service: 's' })
    return {
      open,
      put: replica => {
        replicas.set(replica.id, replica)
        return write()
      },
      remove: id => {
        replicas.delete(id)
        return write()
      },
      repeat: () => write([...replicas.values()].reverse()),
      fail: () => writeText('services: {'),
      heal: () => write(),
      async close() {
        await clean()
        await rm(folder, { recursive: true })
      },
    }
  },
})

discoveryContract({
  name: 'fake consul',
  cannot: {},
  async makeRig() {
    const fake = await startFakeConsul()
    const put = async ({ id, port, weight = 1, isDraining = false }: RigReplica) => {
      const replica: FakeReplica = {
        id,
        port,
        address: '127.0.0.1',
        weights: { Passing: weight, Warning: 1 },
      }
      fake.register('s', isDraining ? { ...replica, meta: { 'rm-drain': '1' } } : replica)
    }
    for (const replica of firstReplicas) await put(replica)
    const { open, clean } = await opener({ kind: 'consul', service: 's' }, [fake.url])
    return {
      open,
      put,
      remove: async id => fake.deregister('s', id),
      repeat: async () => fake.touch(),
      fail: async () => fake.always({ kind: 'status', status: 500 }),
      heal: async () => fake.always(undefined),
      async close() {
        await fake.close()
        await clean()
      },
    }
  },
})

const consul = realPart('consul')
const skip = 'skip' in consul && consul.skip
let agent: ConsulAgent
before(async () => {
  if ('bin' in consul) agent = await startConsulAgent(consul.bin)
})
after(() => agent?.stop())

const names = (function* () {
  for (let number = 1; ; number += 1) yield `mcp-contract-${number}`
})()

/** A service of its own on the one agent; `fail` ends the agent, and `heal` starts one that knows nothing. */
async function consulRig(policyOf: (service: string) => DiscoveryPolicy): Promise<DiscoveryRig> {
  const name = names.next().value ?? ''
  const idOf = (id: string) => `${name}-${id}`
  const service = ({ id, port, weight = 1, isDraining = false }: RigReplica): AgentService => ({
    id: idOf(id),
    name,
    port,
    meta: isDraining ? { 'rm-drain': '1' } : {},
    weights: { Passing: weight, Warning: 1 },
    check: 'passing',
  })
  for (const replica of firstReplicas) await agent.register(service(replica))
  const { open, clean } = await opener(policyOf(name), [agent.url])
  let isDown = false
  let beats = 0
  return {
    open,
    put: replica => agent.register(service(replica)),
    remove: id => agent.deregister(idOf(id)),
    // Meta that means nothing here moves Consul's index all the same: a wake-up without news.
    repeat() {
      beats += 1
      const same = service({ id: 'one', port: 9_001 })
      return agent.register({ ...same, meta: { beat: String(beats) } })
    },
    async fail() {
      isDown = true
      await agent.kill()
    },
    async heal() {
      isDown = false
      await agent.restart()
    },
    async close() {
      if (isDown) await agent.restart()
      for (const id of ['one', 'two', 'three'])
        await agent.deregister(idOf(id)).catch(ignoreUnknown)
      await clean()
    },
  }
}

/** Some cases have taken a replica away already. */
function ignoreUnknown(error: unknown): void {
  if (!/Unknown service/.test(String(error))) throw error
}

discoveryContract({
  name: 'consul',
  skip,
  cannot: {},
  makeRig: () => consulRig(service => ({ kind: 'consul', service })),
})

discoveryContract({
  name: 'dns',
  skip,
  cannot: {
    drain: 'a record carries no mark for draining; the name server leaves such a replica in',
  },
  makeRig: () =>
    consulRig(service => ({
      kind: 'dns',
      name: `${service}.service.consul`,
      type: 'SRV',
      refreshMs: 200,
      server: agent.dns,
    })),
})

test('real consul: a failed check, maintenance and its end are each seen within a second, with the reason', {
  skip,
}, async t => {
  const service = 'mcp-checks'
  for (const id of ['c1', 'c2', 'c3'])
    await agent.register({
      id,
      name: service,
      port: 9_000 + Number(id[1]),
      weights: { Passing: 5, Warning: 2 },
      check: 'passing',
    })
  const { open, clean } = await opener({ kind: 'consul', service }, [agent.url])
  const discovery = open()
  const seen = snapshotLog()
  t.after(async () => {
    await discovery.close()
    await clean()
  })
  discovery.start(seen.publish)
  await seen.until(({ instances }) => instances.length === 3)
  const sees = (port: number, state: string, reason?: RegExp) =>
    seen.until(({ instances }) => {
      const found = instances.find(instance => instance.port === port)
      return found?.state === state && (reason === undefined || reason.test(found.reason ?? ''))
    }, 1_000)
  await agent.check('c1', 'fail')
  await sees(9_001, 'down', /beat of c1 is critical/)
  await agent.check('c1', 'pass')
  await sees(9_001, 'ready')
  await agent.maintenance('c2', true, 'disk')
  await sees(9_002, 'down', /maintenance: disk/)
  await agent.maintenance('c2', false)
  await sees(9_002, 'ready')
  await agent.check('c3', 'warn')
  await seen.until(({ instances }) => instances.some(({ weight }) => weight === 2), 1_000)
  await agent.deregister('c1')
  await seen.until(({ instances }) => instances.length === 2, 1_000)
  assert.equal(discovery.status().problem, undefined)
})

test('real consul: a filter that it cannot read is told at once, with its words', {
  skip,
}, async t => {
  const { open, clean } = await opener(
    { kind: 'consul', service: 'mcp-x', filter: 'not a filter' },
    [agent.url],
  )
  const discovery = open()
  t.after(async () => {
    await discovery.close()
    await clean()
  })
  discovery.start(() => assert.fail('nothing is known'))
  const lastMs = performance.now() + 5_000
  while (discovery.status().problem === undefined && performance.now() < lastMs)
    await new Promise(resolve => setImmediate(resolve))
  assert.match(
    discovery.status().problem ?? '',
    /boolean expression.*Check the token .*, the filter/,
  )
})
