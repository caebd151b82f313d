// Consul gone in every way there is, one after another, under calls: what fails meanwhile, how often the router asks, and how
// soon after the return a replica that registers takes calls.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { parseArgs } from 'node:util'
import { formatDuration, parseDuration } from '#foundation/duration.ts'
import {
  type ConsulOutage,
  type OutageSource,
  openFakeOutages,
  openRealOutages,
} from '#test/support/consul-outages.ts'
import { type Caller, openCaller, openLoop } from '#test/support/open-loop.ts'
import { callParams, modernRequest } from '#test/support/raw-http.ts'
import { realPart } from '#test/support/real-parts.ts'
import {
  clusterOf,
  documents,
  type RunningRouter,
  runRouter,
  serverOf,
} from '#test/support/running-router.ts'
import { type ScriptedServer, startScripted } from '#test/support/scripted-server.ts'
import { type Story, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'

const RATE = 100
/** Requests a second and watch, over the whole of an outage. */
const MOST_ASKED = 2
const CONVERGE_MS = 30_000
/** Long enough to tell how late, where it is late. */
const GIVE_UP_MS = 80_000
const SERVICE = 'mcp-tools'
const NAMES = ['one', 'two', 'three']

const mesh = documents(
  clusterOf('tools', [], {
    discovery: { consul: { service: SERVICE } },
    addresses: { allow: ['loopback'] },
  }),
  serverOf('default', ['tools']),
)
const ask = modernRequest('tools/call', callParams('echo'))

const { values } = parseArgs({
  options: {
    outage: { type: 'string', default: '8s' },
    /** Parts of names, with commas between: a long outage is for some of them. */
    only: { type: 'string', default: '' },
  },
})
const outageMs = parseDuration(values.outage)
const parts = values.only.split(',')
const isChosen = ({ name }: ConsulOutage): boolean => parts.some(part => name.includes(part))

interface Ground {
  readonly source: OutageSource
  readonly ports: ReadonlyMap<string, number>
}

await tellStory(
  `R7: Consul gone for ${values.outage} in every way, ${RATE} calls/s meanwhile`,
  async story => {
    if (outageMs === undefined)
      throw new Error(`--outage ${values.outage} is no duration, such as 8s`)
    const part = realPart('consul')
    if ('skip' in part) throw new Error(part.skip)
    const sources = [
      await openFakeOutages(SERVICE),
      await openFakeOutages(SERVICE),
      await openRealOutages(part.bin, SERVICE),
    ]
    const grounds = await Promise.all(sources.map(source => openGround(story, source)))
    if (!sources.some(({ outages }) => outages.some(isChosen)))
      throw new Error(`--only ${values.only} is part of no outage's name`)
    // The three share nothing but the machine; each fake lives through half of what a fake can do.
    await Promise.all(
      grounds.map(async (ground, lane) => {
        const outages = ground.source.outages.filter(isChosen)
        const own = lane < 2 ? outages.filter((_, place) => place % 2 === lane) : outages
        for (const outage of own) await live(story, ground, outage)
      }),
    )
  },
)

async function openGround(story: Story, source: OutageSource): Promise<Ground> {
  story.later(source.close)
  const ports = new Map<string, number>()
  for (const name of NAMES) {
    // They stay for the whole story, and nobody asks them what they saw.
    const server = await startScripted({ name, isForgetful: true })
    story.later(server.close)
    ports.set(name, server.port)
    await source.register(name, server.port)
  }
  return { source, ports }
}

/** A router of its own: the pace that one outage forced upon a watch must not flatter the next. */
async function live(story: Story, ground: Ground, outage: ConsulOutage): Promise<void> {
  const router = await runRouter(mesh, { env: { RINGMAIN_CONSUL: ground.source.url } })
  const caller = openCaller(router.mcpUrl)
  const fresh = await startScripted({ name: 'fresh' })
  try {
    await router.untilUp('tools', NAMES.length)
    await weather(story, ground, { outage, router, caller, fresh })
  } finally {
    for (const part of [caller, router, fresh]) await part.close()
  }
}

interface Trial {
  readonly outage: ConsulOutage
  readonly router: RunningRouter
  readonly caller: Caller
  /** Registers at the moment of the return. */
  readonly fresh: ScriptedServer
}

async function weather(
  story: Story,
  { source, ports }: Ground,
  { outage, router, caller, fresh }: Trial,
): Promise<void> {
  const load = openLoop(RATE, () => caller.call(ask))
  await until('the load to be under way', () => load.sent() >= RATE)
  const asked = countAsked(source.url)
  const beganMs = performance.now()
  await outage.begin()
  const problem = await lasting(router, beganMs)
  const perSecond = (asked.end() * 1_000) / (performance.now() - beganMs)
  await outage.end()
  const tookMs = await untilConverged(source, fresh)
  if (outage.isAmnesia === true) {
    for (const [replica, port] of ports) await source.register(replica, port)
    await router.untilUp('tools', NAMES.length + 1)
  }
  // Not before the others are back: as the only one listed it would be held for good.
  await source.deregister(fresh.name)
  const { sent, failures } = await load.stop()
  const took = tookMs === undefined ? 'never' : `${(tookMs / 1_000).toFixed(1)} s`
  story.hold(
    outage.name,
    `${failures.length} of ${sent} calls failed, ${perSecond.toFixed(2)} requests/s a watch, ` +
      `converged ${took} after return, ${problem}`,
    failures.length === 0 &&
      perSecond <= MOST_ASKED &&
      tookMs !== undefined &&
      tookMs <= CONVERGE_MS,
  )
  for (const what of new Set(failures.map(failure => failure.what))) story.tell('such as', what)
}

/** Waits the outage out. Whether it was told proves that it reached the router at all. */
async function lasting(router: RunningRouter, beganMs: number): Promise<string> {
  let told: number | undefined
  await until(
    'the outage to last',
    async () => {
      const [cluster] = (await router.clusters()).items
      if (cluster?.discovery.problem !== undefined) told ??= performance.now() - beganMs
      return performance.now() - beganMs >= (outageMs ?? 0)
    },
    (outageMs ?? 0) + 10_000,
  )
  return told === undefined ? 'not told' : `told after ${formatDuration(Math.ceil(told))}`
}

/** A replica that registers at the moment of the return: how long until it is called. Undefined: not within reason. */
async function untilConverged(
  source: OutageSource,
  fresh: ScriptedServer,
): Promise<number | undefined> {
  const sinceMs = performance.now()
  await source.register(fresh.name, fresh.port)
  let first = fresh.calls()[0]
  try {
    first = await until('its first call', () => fresh.calls()[0], GIVE_UP_MS)
  } catch (error) {
    if (!String(error).includes('its first call')) throw error
  }
  return first === undefined ? undefined : first.atMs - sinceMs
}

/** Counted where they are sent: an agent that is away cannot count what it is asked. `end` tells how many. */
function countAsked(url: string): { readonly end: () => number } {
  const { origin } = new URL(url)
  let count = 0
  const see = (message: unknown): void => {
    const { request } = message as { readonly request: { origin: unknown; path: string } }
    if (String(request.origin) === origin && request.path.startsWith('/v1/health/')) count += 1
  }
  subscribe('undici:request:create', see)
  return {
    end() {
      unsubscribe('undici:request:create', see)
      return count
    },
  }
}
