// Several real agents: another one asked when the preferred one is gone, and that one again when it is back; servers that lost
// their leader; and a second datacenter, seen through the first. Where the watch would wait long, its time is the test's.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { blockingMs } from '#router/clusters/discovery/consul-question.ts'
import type { Discovery, Snapshot } from '#router/clusters/discovery/instance.ts'
import { createSources, type SourceOptions } from '#router/clusters/discovery/open-discovery.ts'
import { type ConsulAgent, startConsulAgent } from '#test/support/consul-agent.ts'
import { passPauses } from '#test/support/consul-watched.ts'
import { type ManualTime, manualTime } from '#test/support/manual-time.ts'
import { realPart } from '#test/support/real-parts.ts'
import { type SnapshotLog, sentenceLog, snapshotLog } from '#test/support/snapshots.ts'
import { until } from '#test/support/until.ts'

const consul = realPart('consul')
const skip = 'skip' in consul && consul.skip
const bin = 'bin' in consul ? consul.bin : ''
const folder = mkdtempSync(join(tmpdir(), 'ringmain-agents-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const NAME = 'mcp-a'

interface Watched {
  readonly discovery: Discovery
  readonly seen: SnapshotLog
  /** As a router ends: what it knew is on disk then. */
  readonly close: () => Promise<void>
}

interface Where {
  readonly datacenter?: string
  readonly datacenters?: readonly string[]
}

function watching(
  t: TestContext,
  agents: readonly string[],
  { datacenter, datacenters, ...ports }: Where & Partial<SourceOptions> = {},
): Watched {
  const stateDirectory = mkdtempSync(join(folder, 'state-'))
  const sources = createSources({
    stateDirectory,
    consul: { agents },
    log: sentenceLog(),
    ...ports,
  })
  const place = { ...(datacenter && { datacenter }), ...(datacenters && { datacenters }) }
  const discovery = sources.open({ kind: 'consul', service: NAME, ...place })
  const seen = snapshotLog()
  discovery.start(seen.publish)
  const close = async (): Promise<void> => {
    await discovery.close()
    await sources.close()
  }
  t.after(close)
  return { discovery, seen, close }
}

const shown = ({ instances }: Pick<Snapshot, 'instances'>): string =>
  instances
    .map(({ key, state, isHeld }) => {
      const [, id = ''] = key.split('/')
      return `${id}${state === 'ready' ? '' : ` ${state}`}${isHeld === true ? ' held' : ''}`
    })
    .toSorted()
    .join(', ')
const shows =
  (text: string) =>
  (set: Snapshot): boolean =>
    shown(set) === text

/** Looks at the watch while the pauses between its questions pass. */
const untilIn = (
  time: ManualTime,
  what: string,
  fits: () => boolean | Promise<boolean>,
): Promise<unknown> =>
  until(what, async () => {
    await passPauses(time)
    return fits()
  })

describe('a client agent on the router’s host, preferred, and a server', { skip }, () => {
  let server: ConsulAgent
  let client: ConsulAgent
  const put = (id: string, port: number): Promise<void> => server.register({ id, name: NAME, port })
  before(async () => {
    server = await startConsulAgent(bin, { node: 'server' })
    client = await startConsulAgent(bin, { node: 'client', joins: server.lan })
    await put('one', 9_001)
    await client.register({ id: 'beside', name: NAME, port: 9_009 })
  })
  after(() => Promise.all([client?.stop(), server?.stop()]))

  test('the server is asked while the client agent is gone, and the client agent a minute after, when it is back', async t => {
    const time = manualTime()
    const { discovery, seen } = watching(t, [client.url, server.url], { ...time, random: () => 1 })
    const has = (port: number): boolean => seen.newest().some(instance => instance.port === port)
    const agent = (): string | undefined => discovery.status().agent
    await untilIn(time, 'the first set', () => has(9_001) && has(9_009))
    assert.equal(agent(), client.url)
    await client.kill()
    await untilIn(time, 'the server to be asked', () => agent() === server.url)
    await put('two', 9_002)
    await untilIn(time, 'what the server says', () => has(9_002))
    assert.equal(discovery.status().problem, undefined)
    await client.restart()
    await put('three', 9_003) // ends the query that hangs
    await untilIn(time, 'what the server says again', () => has(9_003))
    assert.equal(agent(), server.url, 'a client agent that was left is not looked for each time')
    for (const port of [9_011, 9_012, 9_013, 9_014]) {
      await time.advance(15_000) // a minute in all; a query that hangs is given up after 26 s
      await put(`at-${port}`, port)
      await untilIn(time, 'each change meanwhile', () => has(port))
    }
    await untilIn(time, 'the client agent to be asked', () => agent() === client.url)
    await put('four', 9_004)
    await untilIn(time, 'what the client agent says', () => has(9_004))
    assert.deepEqual([agent(), discovery.status().problem], [client.url, undefined])
  })

  test('a node whose agent died is down by its own check, one in maintenance by its reason', async t => {
    const { seen } = watching(t, [server.url])
    const reasonOf =
      (id: string, reason: RegExp) =>
      (set: Snapshot): boolean =>
        set.instances.some(({ key, state, reason: said = '' }) => {
          return key.endsWith(`/${id}`) && state === 'down' && reason.test(said)
        })
    await seen.until(({ instances }) => instances.some(({ key }) => key === 'client/beside'))
    await client.nodeMaintenance(true, 'new kernel')
    await seen.until(reasonOf('beside', /maintenance: new kernel/))
    await client.nodeMaintenance(false)
    await seen.until(({ instances }) => instances.every(({ state }) => state === 'ready'))
    await client.kill()
    await seen.until(reasonOf('beside', /Serf Health Status is critical/), 40_000)
  })
})

describe('a second datacenter, joined over WAN', { skip }, () => {
  let near: ConsulAgent
  let far: ConsulAgent
  const register = async (...ids: readonly string[]): Promise<void> => {
    for (const id of ids) await far.register({ id, name: NAME, port: 9_100 + id.length })
  }
  before(async () => {
    near = await startConsulAgent(bin, { node: 'near' })
    far = await startConsulAgent(bin, { node: 'far', hcl: 'datacenter = "dc2"' })
    await near.joinWan(far)
    await near.register({ id: 'here', name: NAME, port: 9_001 })
    await register('a', 'bb', 'ccc')
  })
  after(() => Promise.all([near?.stop(), far?.stop()]))

  test('its replicas are seen through the agent of the first, and kept while it is gone', async t => {
    const own = watching(t, [near.url])
    // No chance: pauses are as short as they can be.
    const { discovery, seen } = watching(t, [near.url], { datacenter: 'dc2', random: () => 0 })
    await seen.until(shows('a, bb, ccc'))
    await own.seen.until(shows('here'))
    const beganMs = performance.now()
    await far.deregister('ccc')
    await seen.until(shows('a, bb'))
    t.diagnostic(`a change of dc2 seen after ${(performance.now() - beganMs).toFixed(0)} ms`)
    await far.kill()
    await until('the loss to be told', () => discovery.status().problem)
    assert.match(discovery.status().problem ?? '', /answered 500/)
    await near.register({ id: 'more', name: NAME, port: 9_002 })
    await own.seen.until(shows('here, more'))
    assert.equal(own.discovery.status().problem, undefined)
    assert.equal(shown({ instances: seen.newest() }), 'a, bb')
    await far.restart()
    await near.joinWan(far)
    await seen.until(shows('a held, bb held'), 40_000) // it is back, and knows nobody
    await register('a', 'bb', 'ccc')
    await seen.until(shows('a, bb, ccc'), 40_000)
    assert.equal(discovery.status().problem, undefined)
  })
})

describe('two datacenters as one set', { skip }, () => {
  let near: ConsulAgent
  let far: ConsulAgent
  before(async () => {
    near = await startConsulAgent(bin, { node: 'same' })
    far = await startConsulAgent(bin, { node: 'same', hcl: 'datacenter = "dc2"' })
    await near.joinWan(far)
    await near.register({ id: 'one', name: NAME, port: 9_001 })
    await far.register({ id: 'one', name: NAME, port: 9_101 })
  })
  after(() => Promise.all([near?.stop(), far?.stop()]))

  test('replicas of one name in both are two, and when one datacenter is lost it keeps its set and the other goes on', async t => {
    const stateDirectory = mkdtempSync(join(folder, 'joined-'))
    const place = { datacenters: ['dc1', 'dc2'], random: () => 0, stateDirectory }
    const { discovery, seen, close } = watching(t, [near.url], place)
    const has =
      (...ports: readonly number[]) =>
      ({ instances }: Snapshot) =>
        ports.length === instances.length &&
        ports.every(port => instances.some(instance => instance.port === port))
    const { instances } = await seen.until(has(9_001, 9_101))
    assert.deepEqual(instances.map(({ key, datacenter }) => `${datacenter} ${key}`).sort(), [
      'dc1 dc1/same/one',
      'dc2 dc2/same/one',
    ])
    await far.kill()
    await until('the loss to be told', () => discovery.status().problem)
    assert.match(discovery.status().problem ?? '', /^dc2: .*answered 500/)
    await near.register({ id: 'two', name: NAME, port: 9_002 })
    await seen.until(has(9_001, 9_002, 9_101))
    await close() // or the other would race with the disk for what it is to find there
    const again = watching(t, [near.url], place)
    const recalled = await again.seen.until(has(9_001, 9_002, 9_101))
    assert.equal(recalled.from, 'disk', 'a router started anew still knows those of the lost one')
  })
})

describe('servers that lost their leader', { skip }, () => {
  let server: ConsulAgent
  let other: ConsulAgent
  before(async () => {
    server = await startConsulAgent(bin, { node: 'first' })
    const hcl = 'server = true'
    other = await startConsulAgent(bin, { node: 'second', joins: server.lan, hcl })
    await server.register({ id: 'one', name: NAME, port: 9_001 })
    await until('the second to have a vote', async () => (await voters()) === 2, 60_000)
  })
  after(() => Promise.all([other?.stop(), server?.stop()]))
  const voters = async (): Promise<number> => {
    const said = await ask('/v1/operator/raft/configuration')
    return [...said.matchAll(/"Voter": *true/g)].length
  }
  /** Without a leader an agent may keep a question waiting. */
  const ask = async (path: string): Promise<string> => {
    const signal = AbortSignal.timeout(2_000)
    return fetch(`${server.url}${path}`, { signal }).then(
      answer => answer.text(),
      () => '',
    )
  }

  test('they are believed, their answer is doubted, and changes are followed when there is a leader again', async t => {
    const time = manualTime()
    const { discovery, seen } = watching(t, [server.url], { ...time, random: () => 1 })
    const problem = (): string => discovery.status().problem ?? ''
    await untilIn(time, 'the first set', () => shown({ instances: seen.newest() }) === 'one')
    await other.kill()
    await until('the leader to be lost', async () => {
      const said = await ask('/v1/status/leader')
      return said.startsWith('""')
    })
    // Nothing ends a query that hangs; one that the loss has ended is asked again, and then hangs or is answered.
    await untilIn(time, 'the doubt', async () => {
      if (/no leader.*stale/.test(problem())) return true
      if (time.waits().includes(blockingMs)) await time.advance(blockingMs)
      return false
    })
    assert.equal(shown({ instances: seen.newest() }), 'one')
    await other.restart()
    await until('a leader', () =>
      server.register({ id: 'two', name: NAME, port: 9_002 }).then(
        () => true,
        () => false,
      ),
    )
    await untilIn(time, 'the change', () => shown({ instances: seen.newest() }) === 'one, two')
  })
})
