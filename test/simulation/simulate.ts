// One run: the scenario of a seed played to its end in virtual time, and the first thing that must not be, if there was one. The same
// seed plays the same, to the letter.
import { seededRandom } from '#foundation/clock.ts'
import type { Cluster } from '#router/clusters/cluster.ts'
import type { Connections } from '#router/upstream/pools.ts'
import { type Fate, fateIn } from '#test/chaos/kit/calls.ts'
import { CLUSTER } from '#test/chaos/kit/stage.ts'
import { arrivedAs, fakeCaller } from '#test/support/fake-caller.ts'
import {
  callParams,
  LEGACY_VERSION,
  legacyRequest,
  modernRequest,
  type RawRequest,
} from '#test/support/raw-http.ts'
import { FakeNet } from './fake-net.ts'
import { type RouterInTime, routerInTime } from './router-in-time.ts'
import { type Event, type Scenario, type SimCall, scenarioOf } from './scenario.ts'
import { installVirtualTime, type VirtualTime } from './virtual-time.ts'
import { type Breach, Watch } from './watch.ts'

export interface Run {
  readonly seed: number
  readonly breach: Breach | undefined
  readonly trace: readonly string[]
  readonly calls: number
  readonly sentAgain: number
  readonly ejections: number
  /** Legacy ones that callers were given, and those that they were told are lost. */
  readonly sessions: number
  readonly lostSessions: number
  readonly fates: Readonly<Record<Fate, number>>
}

/** Ways to break the router on purpose, to show that it would be seen. */
export interface Sabotage {
  readonly connections?: (net: FakeNet) => Connections
  readonly cluster?: (cluster: Cluster) => void
  /** What became of a call, as its caller hears it. */
  readonly fate?: (fate: Fate) => Fate
}

/** What the router draws must not shift what the scenario draws. */
const ROUTER = 0x5eed
const NET = 0x0ff5e7

export async function simulate(seed: number, sabotage: Sabotage = {}): Promise<Run> {
  const time = installVirtualTime()
  try {
    return await new Play(seed, time, sabotage).run()
  } finally {
    time.restore()
  }
}

class Play {
  readonly #seed: number
  readonly #time: VirtualTime
  readonly #sabotage: Sabotage
  readonly #scenario: Scenario
  readonly #net: FakeNet
  readonly #watch: Watch
  readonly #router: RouterInTime
  readonly #trace: string[] = []
  readonly #fates: Record<Fate, number> = { done: 0, not_done: 0, unknown: 0, mute: 0, left: 0 }
  readonly #beganMs: number
  /** By the number of its caller. Bounded by the scenario. */
  readonly #sessions = new Map<number, HeldSession>()
  readonly #counts = { calls: 0, sessions: 0, lostSessions: 0 }

  constructor(seed: number, time: VirtualTime, sabotage: Sabotage) {
    this.#seed = seed
    this.#time = time
    this.#sabotage = sabotage
    this.#beganMs = time.clock.nowMs()
    this.#scenario = scenarioOf(seed)
    this.#net = new FakeNet(this.#scenario.replicas, {
      time,
      random: seededRandom(seed ^ NET),
      onDispatch: delivery => this.#watch.sent(delivery),
      onOpening: endpoint => this.#watch.opening(endpoint),
      onOver: delivery => this.#watch.over(delivery),
      trace: words => this.#note(words),
    })
    this.#watch = new Watch(this.#scenario, this.#net, () => this.#sinceMs())
    this.#router = routerInTime({
      clock: time.clock,
      random: seededRandom(seed ^ ROUTER),
      net: this.#net,
      connections: sabotage.connections?.(this.#net) ?? this.#net,
      policies: this.#scenario.policies,
      name: CLUSTER,
    })
    sabotage.cluster?.(this.#router.cluster)
    this.#watch.opened(this.#router.cluster)
  }

  async run(): Promise<Run> {
    this.#publish(this.#scenario.instances)
    for (const event of this.#scenario.events)
      this.#time.after(event.atMs, () => this.#happens(event))
    await this.#time.runUntil(this.#beganMs + this.#scenario.endMs, () => this.#watch.look())
    this.#watch.finish(this.#router.defects)
    await this.#router.close()
    const { breach, sentAgain } = this.#watch
    const { counts } = this.#router.cluster.ejections
    if (breach !== undefined) this.#trace.push(`${breach.atMs.toFixed(1)} BREACH ${breach.what}`)
    return {
      seed: this.#seed,
      breach,
      trace: this.#trace,
      sentAgain,
      ...this.#counts,
      ejections: Object.values(counts).reduce((sum, count) => sum + count, 0),
      fates: this.#fates,
    }
  }

  #happens(event: Event): void {
    switch (event.kind) {
      case 'condition':
        this.#note(`${event.replica.port} is ${event.condition}`)
        return this.#net.become(event.replica, event.condition)
      case 'registry':
        return this.#publish(event.instances)
      case 'call':
        void this.#call(event.call)
    }
  }

  #publish(instances: Scenario['instances']): void {
    this.#note(`registry: ${instances.map(({ port, state }) => `${port} ${state}`).join(', ')}`)
    this.#watch.published(instances)
    this.#router.source.publish(...instances)
  }

  /** Who has no session asks for one instead, and what it asked for in one that is lost it does not ask for again. */
  async #call(call: SimCall): Promise<void> {
    const { caller } = call
    if (typeof caller === 'string') return void (await this.#ask(call, undefined))
    const held = this.#sessions.get(caller.session)
    const openedMs = this.#sinceMs()
    const opening = held === undefined ? { ...call, tool: 'initialize' as const } : call
    const { token, says } = await this.#ask(opening, held)
    if (token !== undefined) {
      this.#counts.sessions += 1
      this.#sessions.set(caller.session, { token, openedMs })
    }
    if (says !== 'RINGMAIN_SESSION_UNKNOWN' || this.#sessions.get(caller.session) !== held) return
    this.#counts.lostSessions += 1
    this.#sessions.delete(caller.session)
  }

  async #ask(
    call: SimCall,
    held: HeldSession | undefined,
  ): Promise<{ readonly token: string | undefined; readonly says: string }> {
    const caller = fakeCaller()
    const { headers = {}, body = '' } = requestOf(call, held?.token)
    this.#counts.calls += 1
    this.#watch.began(call)
    this.#note(`${call.call} asks for ${call.tool}`)
    if (call.leavesAfterMs !== undefined)
      this.#time.after(call.leavesAfterMs, () => {
        if (this.#watch.isOpen(call)) caller.leave()
      })
    const arrivedMs = this.#time.clock.nowMs()
    await this.#router.run(arrivedAs({ arrivedMs, headers, body: Buffer.from(body), caller }))
    const [told, says] = heard(caller)
    const fate = this.#sabotage.fate?.(told) ?? told
    this.#fates[fate] += 1
    this.#note(`${call.call} is told ${fate} ${says}`.trimEnd())
    this.#watch.ended(call, { fate, says, openedMs: held?.openedMs })
    return { token: caller.headers['mcp-session-id'], says }
  }

  #sinceMs(): number {
    return this.#time.clock.nowMs() - this.#beganMs
  }

  #note(words: string): void {
    this.#trace.push(`${this.#sinceMs().toFixed(1)} ${words}`)
  }
}

interface HeldSession {
  readonly token: string
  readonly openedMs: number
}

function requestOf(
  { call, caller, tool, deadlineMs }: SimCall,
  session: string | undefined,
): RawRequest {
  const headers: Record<string, string> =
    deadlineMs === undefined ? {} : { 'x-ringmain-deadline-ms': String(deadlineMs) }
  const asked = { id: call, headers, ...(session === undefined ? {} : { session }) }
  if (tool === 'initialize') return legacyRequest('initialize', OPENING, asked)
  const ask = caller === 'modern' ? modernRequest : legacyRequest
  return ask('tools/call', callParams(tool, { call }), asked)
}

const OPENING = {
  protocolVersion: LEGACY_VERSION,
  capabilities: {},
  clientInfo: { name: 'simulated', version: '1' },
}

function heard(caller: ReturnType<typeof fakeCaller>): readonly [Fate, string] {
  if (caller.isGone) return ['left', '']
  if (caller.log.includes('cut')) return ['mute', 'the connection was cut']
  return fateIn(caller.status, { headers: caller.headers, body: Buffer.from(caller.text()) })
}
