// Replicas that come and go in a real Consul, seen by traffic; and Consul itself gone, which is nothing to a call.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import {
  type ConsulMesh,
  consulDocuments,
  firstCallAfter,
  lastCallMs,
  startConsulMesh,
} from '#test/support/consul-mesh.ts'
import { type OpenLoop, openCaller, openLoop } from '#test/support/open-loop.ts'
import { callParams, modernRequest } from '#test/support/raw-http.ts'
import { realPart } from '#test/support/real-parts.ts'
import { launch } from '#test/support/router-process.ts'
import { runRouter, viewsOf, writePolicies } from '#test/support/running-router.ts'
import type { ScriptedServer } from '#test/support/scripted-server.ts'
import { until } from '#test/support/until.ts'

const part = realPart('consul')
const RATE = 100

interface Started extends ReturnType<typeof viewsOf> {
  readonly admin: string
  readonly tookMs: number
  readonly end: () => unknown
}

/** What is promised is one second; a machine that is busy with other tests gets more. */
const LIMIT_MS = 5_000

describe('a mesh in a real Consul', { skip: 'skip' in part && part.skip }, () => {
  const state = mkdtempSync(join(tmpdir(), 'ringmain-consul-state-'))
  let mesh: ConsulMesh
  let load: OpenLoop

  before(async () => {
    if ('skip' in part) return
    mesh = await startConsulMesh(part.bin, ['one', 'two', 'three'], state)
    load = openLoop(RATE, () => mesh.caller.call(mesh.ask))
  })

  after(async () => {
    await load.stop()
    await mesh.close()
    rmSync(state, { recursive: true, force: true })
  })

  const replica = (name: string): ScriptedServer =>
    mesh.replicas.find(server => server.name === name) ?? assert.fail(name)

  const isOnDisk = (port: number): boolean =>
    readFileSync(join(state, 'discovery', 'consul-mcp-tools.json'), 'utf8').includes(String(port))

  async function moreCalls(count: number): Promise<void> {
    const from = load.sent()
    await until(`${count} more calls`, () => load.sent() >= from + count)
  }

  /** Makes a change that takes the replica out, and measures how long calls still came there. */
  async function takesOut(
    t: TestContext,
    name: string,
    change: () => Promise<void>,
  ): Promise<void> {
    const server = replica(name)
    await firstCallAfter(server, performance.now())
    await change()
    const changedMs = performance.now()
    await mesh.untilSeen(server, false)
    await moreCalls(RATE)
    const lateMs = Math.max(0, lastCallMs(server) - changedMs)
    t.diagnostic(`last call ${lateMs.toFixed(0)} ms after the change`)
    assert.ok(lateMs < LIMIT_MS)
    const stoppedMs = performance.now()
    await moreCalls(RATE / 2)
    assert.ok(lastCallMs(server) < stoppedMs, 'not one call more')
  }

  async function bringsIn(
    t: TestContext,
    name: string,
    change: () => Promise<unknown>,
  ): Promise<void> {
    await change()
    const changedMs = performance.now()
    const server = replica(name)
    await mesh.untilSeen(server, true)
    const seenMs = performance.now() - changedMs
    const firstMs = await firstCallAfter(server, changedMs)
    t.diagnostic(
      `in service after ${seenMs.toFixed(0)} ms, first call after ${firstMs.toFixed(0)} ms`,
    )
    assert.ok(seenMs < LIMIT_MS)
  }

  test('every registered replica takes calls', async () => {
    for (const server of mesh.replicas) await firstCallAfter(server, performance.now())
  })

  test('a deregistered replica gets no more calls, and comes back when it registers again', async t => {
    await takesOut(t, 'one', () => mesh.agent.deregister('one'))
    await bringsIn(t, 'one', () => mesh.register(replica('one')))
  })

  test('a replica in maintenance gets no more calls, and the reason is shown', async t => {
    await takesOut(t, 'two', () => mesh.agent.maintenance('two', true, 'new disk'))
    assert.match((await mesh.endpoint(replica('two')))?.reason ?? '', /new disk/)
    await bringsIn(t, 'two', () => mesh.agent.maintenance('two', false))
  })

  test('a replica that says that it drains gets no more calls, and the one that runs there is left alone', async t => {
    const running = mesh.caller.call(modernRequest('tools/call', callParams('slow', { ms: 1_500 })))
    await takesOut(t, 'three', () => mesh.register(replica('three'), { 'rm-drain': 'true' }))
    assert.match((await mesh.endpoint(replica('three')))?.reason ?? '', /rm-drain/)
    assert.equal(await running, undefined, 'wherever it ran, it has ended well')
    await bringsIn(t, 'three', () => mesh.register(replica('three')))
  })

  test('a replica whose check fails gets no more calls', async t => {
    await takesOut(t, 'three', () => mesh.agent.check('three', 'fail'))
    assert.match((await mesh.endpoint(replica('three')))?.reason ?? '', /check/)
    await bringsIn(t, 'three', () => mesh.agent.check('three', 'pass'))
  })

  test('checks that fail for more than half cost no call while the replicas answer, and are shown', async t => {
    const names = ['one', 'two', 'three']
    for (const name of names) await mesh.agent.check(name, 'fail')
    const endpoints = await until('all of them to be known', async () => {
      const { endpoints: all } = await mesh.cluster()
      return all.every(({ reason = '' }) => reason.includes('beat of')) && all
    })
    const held = endpoints.filter(({ state: one, isHeld }) => one === 'ready' && isHeld)
    assert.ok(held.length >= 2, `${held.length} of 3 are held`)
    for (let count = 0; count < 20; count += 1)
      assert.equal(await mesh.caller.call(mesh.ask), undefined)
    for (const name of names) await bringsIn(t, name, () => mesh.agent.check(name, 'pass'))
  })

  test('a new replica takes calls', async t => {
    await bringsIn(t, 'four', () => mesh.add('four'))
  })

  test('Consul gone is told and costs no call; a router started meanwhile serves from disk', async t => {
    await until('all four to be on disk', () => mesh.replicas.every(({ port }) => isOnDisk(port)))
    await mesh.agent.kill()
    await until('the router to tell', async () => (await mesh.cluster()).discovery.problem)
    await moreCalls(RATE)
    const other = await runRouter(consulDocuments, {
      env: { RINGMAIN_CONSUL: mesh.agent.url },
      state,
    })
    t.after(() => other.close())
    const beganMs = performance.now()
    await other.untilUp('tools', 4)
    t.diagnostic(
      `served from disk ${(performance.now() - beganMs).toFixed(0)} ms after it was ready`,
    )
    const [cluster] = (await other.clusters()).items
    assert.equal(cluster?.discovery.from, 'disk')
    const check = (await other.ready()).checks.find(({ id }) => id === 'cluster/tools')
    assert.match(check?.detail ?? '', /last good set/)
    const caller = openCaller(other.mcpUrl)
    for (let count = 0; count < 20; count += 1) assert.equal(await caller.call(mesh.ask), undefined)
    await caller.close()
  })

  test('with Consul and the policy folder both gone a router starts from what it last knew, and says how old it is', async t => {
    const folder = mkdtempSync(join(tmpdir(), 'ringmain-start-alone-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const policies = writePolicies(folder, consulDocuments)
    const env = {
      RINGMAIN_POLICIES: policies,
      RINGMAIN_STATE: state,
      RINGMAIN_CONSUL: mesh.agent.url,
    }
    const start = async (): Promise<Started> => {
      const beganMs = performance.now()
      const spoken = launch(env)
      const [{ admin }] = (await once(spoken.child, 'message')) as [{ readonly admin: string }]
      const views = viewsOf(admin)
      await until('it to be ready', async () => (await views.ready()).ready)
      return {
        ...views,
        admin,
        tookMs: performance.now() - beganMs,
        end: () => spoken.child.kill('SIGKILL') && spoken.exited,
      }
    }
    await (await start()).end()
    rmSync(policies, { recursive: true })
    const alone = await start()
    t.after(alone.end)
    await alone.untilUp('tools', 4)
    t.diagnostic(`ready ${alone.tookMs.toFixed(0)} ms after it was launched (bar 2000)`)
    assert.ok(alone.tookMs < 2 * LIMIT_MS)
    const documents = (await alone.ready()).checks.find(({ id }) => id === 'documents')
    assert.match(documents?.detail ?? '', /^degraded: .* old; .*does not exist/)
    const metrics = await (await fetch(`${alone.admin}/metrics`)).text()
    assert.match(metrics, /^ringmain_table_age_seconds\{.*\} [0-9.]*[1-9]/m)
    assert.match(metrics, /^ringmain_discovery_age_seconds\{.*\} [0-9.]*[1-9]/m)
  })

  test('Consul back and knowing nobody is not believed; the replicas it learns of again are the same', async () => {
    await mesh.agent.restart()
    await until(
      'its empty answer to be held back',
      async () => {
        const { endpoints } = await mesh.cluster()
        return endpoints.length === 4 && endpoints.every(({ isHeld }) => isHeld)
      },
      30_000,
    )
    await moreCalls(RATE)
    for (const server of mesh.replicas) await mesh.register(server)
    for (const server of mesh.replicas) await mesh.untilSeen(server, true)
    assert.equal((await mesh.cluster()).discovery.problem, undefined)
  })

  test('of all the calls meanwhile none failed', async t => {
    const { sent, failures } = await load.stop()
    t.diagnostic(`${sent} calls, ${failures.length} failed`)
    assert.deepEqual(failures, [])
  })
})
