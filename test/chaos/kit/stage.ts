// Where most stories play: tool servers, each behind a chaos proxy if the story wants one, a router of its own process, and callers. What
// every story must show at its end is here, too: nothing ran twice, nothing was told wrongly, nothing is left behind.
import type { EndpointView } from '#foundation/admin-views.ts'
import { type RouterProcess, startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import type { Story } from '#test/support/story.ts'
import { type Calls, openCalls } from './calls.ts'
import { type ChaosProxy, startChaosProxy } from './chaos-proxy.ts'
import { type Ledger, openLedger } from './ledger.ts'
import { holdNothingLeft, RESOURCE_PROBE, type Resources, resourcesOf } from './leftovers.ts'
import { type Mood, startToolReplica, type ToolReplica } from './tool-replica.ts'

export interface Place {
  readonly replica: ToolReplica
  /** Between the router and it; absent where the story wants none. */
  readonly proxy?: ChaosProxy
  /** What the router connects to. */
  readonly port: number
}

export interface Stage {
  readonly places: readonly Place[]
  /** The one of them that something happens to. */
  readonly victim: Place
  readonly router: RouterProcess
  readonly calls: Calls
  readonly ledger: Ledger
  /** What the router says of this one now. */
  readonly endpoint: (place: Place) => Promise<EndpointView>
  /** To be called when the load has stopped. */
  readonly holdPromises: () => Promise<void>
}

export interface StageOptions {
  readonly replicas?: number
  readonly mood?: Mood
  readonly hasProxies?: boolean
  /** Of the cluster's document, beside its replicas. */
  readonly cluster?: Readonly<Record<string, unknown>>
  /** Further documents. */
  readonly policies?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export const CLUSTER = 'tools'
/** `echo` may run twice: its replicas say so, and here policy does. */
export const READS = JSON.stringify({
  apiVersion: 'ringmain.dev/v1',
  kind: 'Tool',
  metadata: { name: 'reads' },
  spec: { cluster: CLUSTER, tools: ['echo'], effect: 'read', replay: 'safe' },
})
/** Checks fast enough for a story of a minute. */
const HEALTH = { interval: '1s', timeout: '900ms', rise: 1, fall: 2 }

export async function setStage(story: Story, options: StageOptions = {}): Promise<Stage> {
  const { replicas = 3, mood, hasProxies = false, cluster = {}, policies = [], env = {} } = options
  const ledger = openLedger()
  story.later(ledger.remove)
  const places = await Promise.all(
    Array.from({ length: replicas }, (_, index) =>
      placeOf(story, { ledger, mood, hasProxies, name: `tool-${index + 1}` }),
    ),
  )
  const urls = places.map(({ port }) => `http://127.0.0.1:${port}/mcp`)
  const router = await startRouterProcess(
    documents(
      clusterOf(CLUSTER, urls, { health: HEALTH, ...cluster }),
      serverOf('default', [CLUSTER], { naming: 'plain' }),
      READS,
      ...policies,
    ),
    { env: { ...RESOURCE_PROBE, ...env } },
  )
  story.later(router.close)
  await router.untilUp(CLUSTER, replicas)
  const before = await resourcesOf(router)
  const calls = openCalls(router.mcpUrl)
  story.later(calls.close)
  const [victim] = places
  if (victim === undefined) throw new Error('a stage has at least one replica')
  const stage = { places, victim, router, calls, ledger, endpoint: endpointOf(router) }
  return { ...stage, holdPromises: () => holdPromises(story, stage, before) }
}

async function placeOf(
  story: Story,
  one: {
    readonly ledger: Ledger
    readonly mood: Mood | undefined
    readonly hasProxies: boolean
    readonly name: string
  },
): Promise<Place> {
  const replica = await startToolReplica(one.name, one.ledger, one.mood)
  story.later(() => replica.kill())
  if (!one.hasProxies) return { replica, port: replica.port }
  const proxy = await startChaosProxy(replica.port)
  story.later(proxy.close)
  return { replica, proxy, port: proxy.port }
}

const endpointOf =
  (router: RouterProcess): Stage['endpoint'] =>
  async ({ port }) => {
    const [cluster] = (await router.clusters()).items
    const found = cluster?.endpoints.find(({ url }) => new URL(url).port === String(port))
    if (found === undefined) throw new Error(`the router does not show ${port}`)
    return found
  }

/** Never twice, never told wrongly, never stuck: by the tools' own account. */
export function holdTruth(story: Story, calls: Calls, ledger: Ledger): void {
  const ran = ledger.executions()
  const acts = calls.told.filter(({ tool }) => tool === 'act')
  const twice = acts.filter(({ call }) => (ran.get(call) ?? 0) > 1)
  story.hold('calls with an effect that ran twice', count(twice, acts), twice.length === 0)
  const notDone = calls.told.filter(({ fate }) => fate === 'not_done')
  const lies = notDone.filter(({ call }) => ran.has(call))
  story.hold('said not to have run, and did', count(lies, notDone), lies.length === 0)
  const done = calls.told.filter(({ fate }) => fate === 'done')
  const inventions = done.filter(({ call }) => !ran.has(call))
  story.hold('said to be done, and never ran', count(inventions, done), inventions.length === 0)
  const mute = calls.told.filter(({ fate }) => fate === 'mute')
  story.hold('callers that were told neither', count(mute, calls.told), mute.length === 0)
  for (const says of new Set(mute.map(one => one.says))) story.tell('such as', says)
}

const count = (some: readonly unknown[], all: readonly unknown[]): string =>
  `${some.length} of ${all.length}`

async function holdPromises(
  story: Story,
  { router, calls, ledger }: Omit<Stage, 'holdPromises'>,
  before: Resources,
): Promise<void> {
  holdTruth(story, calls, ledger)
  await calls.close()
  await holdNothingLeft(story, router, before)
}
