// Replicas that come and go in a real Consul, each change timed by traffic; then Consul itself gone for a while, under calls.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { formatDuration, parseDuration } from '#foundation/duration.ts'
import {
  type ConsulMesh,
  consulDocuments,
  firstCallAfter,
  lastCallMs,
  startConsulMesh,
} from '#test/support/consul-mesh.ts'
import { type OpenLoop, openCaller, openLoop } from '#test/support/open-loop.ts'
import { realPart } from '#test/support/real-parts.ts'
import { type RouterProcess, startRouterProcess } from '#test/support/router-process.ts'
import { runRouter, writePolicies } from '#test/support/running-router.ts'
import type { ScriptedServer } from '#test/support/scripted-server.ts'
import { ms, type Story, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'

const RATE = 200
const LIMIT_MS = 1_000
const READY_MS = 2_000
/** The longest between two questions to a Consul that does not answer. */
const HEARD_MS = 30_000

const { values } = parseArgs({ options: { outage: { type: 'string', default: '20s' } } })
const outageMs = parseDuration(values.outage)

interface Ground {
  readonly story: Story
  readonly mesh: ConsulMesh
  readonly load: OpenLoop
}

await tellStory(`R8: a mesh in a real Consul under ${RATE} calls/s`, async story => {
  if (outageMs === undefined)
    throw new Error(`--outage ${values.outage} is no duration, such as 20s`)
  const part = realPart('consul')
  if ('skip' in part) throw new Error(part.skip)
  const state = mkdtempSync(join(tmpdir(), 'ringmain-story-'))
  story.later(() => rmSync(state, { recursive: true, force: true }))
  const mesh = await startConsulMesh(part.bin, ['one', 'two', 'three', 'four'], state)
  story.later(mesh.close)
  const load = openLoop(RATE, () => mesh.caller.call(mesh.ask))
  const ground = { story, mesh, load }
  await until('the router to be warm', () => load.sent() >= 3 * RATE)
  await changes(ground)
  await outage(ground, state, outageMs)
  const { sent, failures } = await load.stop()
  story.hold(
    'calls that failed in all of this',
    `${failures.length} of ${sent}`,
    failures.length === 0,
  )
  for (const what of new Set(failures.map(failure => failure.what))) story.tell('such as', what)
})

async function changes({ story, mesh, load }: Ground): Promise<void> {
  const { agent, replicas } = mesh
  const [one, two, three] = replicas as [ScriptedServer, ScriptedServer, ScriptedServer]
  const out = async (
    what: string,
    server: ScriptedServer,
    change: () => Promise<void>,
  ): Promise<void> => {
    await firstCallAfter(server, performance.now())
    await change()
    const changedMs = performance.now()
    await mesh.untilSeen(server, false)
    const from = load.sent()
    await until('two seconds of calls', () => load.sent() >= from + 2 * RATE)
    const took = Math.max(0, lastCallMs(server) - changedMs)
    story.hold(`${what}: last call to it`, `${ms(took)} after`, took <= LIMIT_MS)
  }
  const into = async (
    what: string,
    server: ScriptedServer,
    change: () => Promise<unknown>,
  ): Promise<void> => {
    await change()
    const changedMs = performance.now()
    const took = await firstCallAfter(server, changedMs)
    story.hold(`${what}: first call to it`, `${ms(took)} after`, took <= LIMIT_MS)
  }
  await out('deregister', one, () => agent.deregister('one'))
  await into('register again', one, () => mesh.register(one))
  await out('maintenance on', two, () => agent.maintenance('two', true))
  await into('maintenance off', two, () => agent.maintenance('two', false))
  await out('check fails', three, () => agent.check('three', 'fail'))
  await into('check passes', three, () => agent.check('three', 'pass'))
  const beganMs = performance.now()
  const five = await mesh.add('five')
  const took = await firstCallAfter(five, beganMs)
  story.hold('new instance: first call to it', `${ms(took)} after its start`, took <= LIMIT_MS)
}

/** A router process has run with these documents, which are no longer there then; launches it again. */
async function ranBefore({ story, mesh }: Ground): Promise<() => Promise<RouterProcess>> {
  const folder = mkdtempSync(join(tmpdir(), 'ringmain-story-'))
  story.later(() => rmSync(folder, { recursive: true, force: true }))
  const policies = writePolicies(folder, consulDocuments)
  const env = { RINGMAIN_CONSUL: mesh.agent.url, RINGMAIN_POLICIES: policies }
  const start = async (): Promise<RouterProcess> => {
    const router = await startRouterProcess(consulDocuments, { env, state: join(folder, 'state') })
    story.later(router.close)
    await until('it to be ready', async () => (await router.ready()).ready)
    return router
  }
  const first = await start()
  await first.untilUp('tools', mesh.replicas.length)
  await first.close()
  rmSync(policies, { recursive: true })
  return start
}

/** With neither Consul nor documents. */
async function startAlone(story: Story, start: () => Promise<RouterProcess>): Promise<void> {
  const startedMs = performance.now()
  const alone = await start()
  const took = performance.now() - startedMs
  story.hold(
    'launched without Consul and documents it is ready',
    `after ${ms(took)}`,
    took <= READY_MS,
  )
  const metrics = await (await fetch(`${alone.adminUrl}/metrics`)).text()
  const ages = ['table', 'discovery'].map(
    what => new RegExp(`^ringmain_${what}_age_seconds\\{.*\\} ([0-9.]+)`, 'm').exec(metrics)?.[1],
  )
  story.hold(
    'and tells how old its documents and its replicas are',
    ages.map(age => `${age} s`).join(', '),
    ages.every(age => Number(age) > 0),
  )
}

async function outage(
  { story, mesh, load }: Ground,
  state: string,
  lastsMs: number,
): Promise<void> {
  const { agent, replicas } = mesh
  const start = await ranBefore({ story, mesh, load })
  const [sentBefore, goneMs] = [load.sent(), performance.now()]
  await agent.kill()
  await until('the router to tell', async () => (await mesh.cluster()).discovery.problem)
  story.tell('Consul gone: the router tells', `after ${ms(performance.now() - goneMs)}`)
  await startAlone(story, start)
  const startedMs = performance.now()
  const other = await runRouter(consulDocuments, { env: { RINGMAIN_CONSUL: agent.url }, state })
  story.later(other.close)
  await other.untilUp('tools', replicas.length)
  const took = performance.now() - startedMs
  const from = (await other.clusters()).items[0]?.discovery.from
  story.hold(
    'a router started meanwhile serves',
    `after ${ms(took)}, from ${from}`,
    took <= READY_MS && from === 'disk',
  )
  const caller = openCaller(other.mcpUrl)
  story.later(caller.close)
  const beside = openLoop(RATE / 4, () => caller.call(mesh.ask))
  await until('the outage to last', () => performance.now() - goneMs >= lastsMs, lastsMs + 5_000)
  const served = load.sent() - sentBefore
  await agent.restart()
  const backMs = performance.now()
  await until(
    'both routers to hear of it',
    async () => {
      const all = [await mesh.cluster(), ...(await other.clusters()).items]
      return all.every(({ discovery }) => discovery.problem === undefined)
    },
    60_000,
  )
  const heardMs = performance.now() - backMs
  story.tell('the outage', `${formatDuration(lastsMs)} and ${served} calls`)
  story.hold('Consul back: heard by both routers', `after ${ms(heardMs)}`, heardMs <= HEARD_MS)
  for (const server of replicas) await mesh.register(server)
  for (const server of replicas) await mesh.untilSeen(server, true)
  const { failures, sent } = await beside.stop()
  story.hold(
    'calls that failed at the second router',
    `${failures.length} of ${sent}`,
    failures.length === 0,
  )
}
