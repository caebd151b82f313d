// R9: under steady calls every replica and both routers are started anew, one after another, in the order that an operator would: what
// leaves is said to leave before it does. No call fails. The routers stand behind a balancer that knows only whether they are ready.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inOwnNetwork } from '#test/support/own-network.ts'
import { type RouterProcess, startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { ms, type Story, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'
import { type Balancer, startBalancer } from '../kit/balancer.ts'
import { type Calls, openCalls, wordsOf } from '../kit/calls.ts'
import { type Ledger, nowMs, openLedger } from '../kit/ledger.ts'
import { CLUSTER, holdTruth, READS } from '../kit/stage.ts'
import { startToolReplica, type ToolReplica } from '../kit/tool-replica.ts'

const RATE = 300
const ROUTERS = 2
const REPLICAS = 3
const START_MS = 20_000
/** Longer than the balancer needs to see that a router leaves. */
const GRACE = '2s'

interface Fleet {
  readonly replicas: readonly ToolReplica[]
  readonly routers: RouterProcess[]
  readonly balancer: Balancer
  readonly calls: Calls
  readonly ledger: Ledger
  /** What the registry says of each replica. */
  readonly register: (states: Readonly<Record<string, 'ready' | 'draining'>>) => void
  readonly startRouter: () => Promise<RouterProcess>
}

async function openFleet(story: Story): Promise<Fleet> {
  const folder = mkdtempSync(join(tmpdir(), 'ringmain-fleet-'))
  story.later(() => rmSync(folder, { recursive: true, force: true }))
  const ledger = openLedger()
  story.later(ledger.remove)
  const names = Array.from({ length: REPLICAS }, (_, index) => `tool-${index + 1}`)
  const replicas = await Promise.all(
    names.map(name => startToolReplica(name, ledger, { delayMs: 20 })),
  )
  story.later(() => Promise.all(replicas.map(one => one.kill())))
  const file = join(folder, 'registry.json')
  const register: Fleet['register'] = states => {
    const entries = replicas.map(({ name, port }) => ({
      id: name,
      address: '127.0.0.1',
      port,
      state: states[name] ?? 'ready',
    }))
    writeFileSync(`${file}.next`, JSON.stringify({ services: { tools: entries } }))
    renameSync(`${file}.next`, file)
  }
  register({})
  const spec = {
    discovery: { registry: { file, service: 'tools' } },
    health: { interval: '1s', timeout: '900ms', rise: 1, fall: 2 },
  }
  const policies = documents(
    clusterOf(CLUSTER, [], spec),
    serverOf('default', [CLUSTER], { naming: 'plain' }),
    READS,
  )
  const startRouter = async (): Promise<RouterProcess> => {
    const router = await startRouterProcess(policies, { env: { RINGMAIN_DRAIN_GRACE: GRACE } })
    story.later(router.close)
    await router.untilUp(CLUSTER, REPLICAS)
    return router
  }
  const routers = await Promise.all(Array.from({ length: ROUTERS }, startRouter))
  const balancer = await startBalancer()
  story.later(balancer.close)
  balancer.use(routers)
  await until('the routers to be ready', () => balancer.ready() === ROUTERS)
  const calls = openCalls(balancer.url)
  story.later(calls.close)
  return { replicas, routers, balancer, calls, ledger, register, startRouter }
}

async function restartReplica(fleet: Fleet, replica: ToolReplica): Promise<void> {
  const { name } = replica
  fleet.register({ [name]: 'draining' })
  const isIdle = async (router: RouterProcess): Promise<boolean> => {
    const [cluster] = (await router.clusters()).items
    const shown = cluster?.endpoints.find(({ url }) => url.includes(`:${replica.port}`))
    return shown?.state === 'draining' && shown.inFlight === 0
  }
  await until(`${name} to be idle`, async () =>
    (await Promise.all(fleet.routers.map(isIdle))).every(is => is),
  )
  await replica.end()
  await replica.start()
  fleet.register({})
  await Promise.all(fleet.routers.map(router => router.untilUp(CLUSTER, REPLICAS)))
}

async function restartRouter(fleet: Fleet, index: number): Promise<number> {
  const { routers, balancer } = fleet
  const leaving = routers[index]
  if (leaving === undefined) throw new Error(`there is no router ${index}`)
  const beganMs = nowMs()
  leaving.kill('SIGTERM')
  const { code } = await leaving.exited
  if (code !== 0) throw new Error(`a router ended with ${code}: ${leaving.stderr().slice(-1_000)}`)
  const tookMs = nowMs() - beganMs
  routers[index] = await fleet.startRouter()
  balancer.use([...routers])
  await until('the new router to be ready', () => balancer.ready() === ROUTERS, START_MS)
  return tookMs
}

async function play(story: Story): Promise<void> {
  const fleet = await openFleet(story)
  const { calls } = fleet
  const load = calls.steady(RATE, count => ({ tool: count % 2 === 0 ? 'echo' : 'act' }))
  await until('all to be warm', () => load.sent() >= 3 * RATE)
  const failedSince = (fromMs: number): number =>
    calls.told.filter(({ fate, endedMs }) => fate !== 'done' && endedMs >= fromMs).length
  for (const replica of fleet.replicas) {
    const fromMs = nowMs()
    await restartReplica(fleet, replica)
    story.tell(`${replica.name} started anew: calls that failed`, String(failedSince(fromMs)))
  }
  for (let index = 0; index < ROUTERS; index += 1) {
    const fromMs = nowMs()
    const goneMs = await restartRouter(fleet, index)
    const failed = String(failedSince(fromMs))
    story.tell(
      `router ${index + 1} started anew, gone after ${ms(goneMs)}: calls that failed`,
      failed,
    )
  }
  const { sent } = await load.stop()
  const failed = calls.told.filter(({ fate }) => fate !== 'done')
  story.hold(
    `calls that failed, of ${sent}`,
    `${failed.length}: ${wordsOf(failed)}`,
    failed.length === 0,
  )
  holdTruth(story, calls, fleet.ledger)
}

if (await inOwnNetwork(import.meta.filename))
  await tellStory(`R9: every replica and both routers started anew at ${RATE} calls/s`, play)
