// A named set of interchangeable replicas: what discovery found, what checks say, and which of them takes the next call.
import type { Clock, Random } from '#foundation/clock.ts'
import type { ToolFacts } from '#router/tool-facts.ts'
import type { ClusterPolicy, Era } from '#routes/route-table.ts'
import type { EraBalancers } from './balancers/era-balancers.ts'
import { type Choice, type NoChoice, noChoice } from './choice.ts'
import type { Discovery, Snapshot } from './discovery/instance.ts'
import { Ejections } from './ejection/ejections.ts'
import type { Endpoint } from './endpoint.ts'
import type { CheckPace } from './health/check-pace.ts'
import { type Check, Checker } from './health/checker.ts'
import { Membership } from './membership.ts'
import { type Decisions, waitingNotes } from './override.ts'
import { PeakAverage } from './peak-average.ts'
import { type LogEvent, ReplicaLog } from './replica-log.ts'
import { ReplicaNews } from './replica-news.ts'
import { ServingSets } from './serving-sets.ts'
import { SlotQueue } from './slot-queue.ts'
import { revisionNotes } from './stated-revisions.ts'

export interface ClusterPorts {
  readonly discovery: Discovery
  readonly check: Check
  readonly pace: CheckPace
  readonly clock: Clock
  readonly random: Random
  /** Of this cluster alone. */
  readonly balancers: EraBalancers
  /** What somebody has decided about its replicas. */
  readonly decisions: Decisions
  /** Why this host must not be connected to, in words for people. */
  readonly hostRefusal: (host: string) => string | undefined
  /** The endpoint left the set: its connections may close once its calls are done. */
  readonly onRemoved: (endpoint: Endpoint) => void
  readonly log: LogEvent
}

const NONE_TRIED: ReadonlySet<string> = new Set()

export class Cluster {
  readonly policy: ClusterPolicy
  readonly slots: SlotQueue
  readonly ejections: Ejections
  /** Times to the first byte of answers that were results. */
  readonly results = new PeakAverage()
  readonly #ports: ClusterPorts
  readonly #log: ReplicaLog
  readonly #news: ReplicaNews
  readonly #checker: Checker
  readonly #endpoints: Membership
  readonly #serving: ServingSets
  readonly #isServing = (endpoint: Endpoint, era: Era) => this.#serving.has(endpoint, era)
  /** Not asked yet. Bounded by the endpoints. */
  readonly #unasked = new Set<Endpoint>()
  #snapshot: Snapshot | undefined
  readonly #settledWaiters: Array<() => void> = []
  readonly #unfollow: () => void
  #isClosed = false

  constructor(policy: ClusterPolicy, ports: ClusterPorts) {
    this.policy = policy
    this.#ports = ports
    this.slots = new SlotQueue(ports.clock.nowMs)
    this.#log = new ReplicaLog(policy.name, ports.log)
    this.#news = new ReplicaNews(this.#log)
    this.#checker = new Checker(policy.health, {
      ...ports,
      onChange: endpoint => this.#healthChanged(endpoint),
      onDown: endpoint => {
        if (endpoint.instance.isHeld === true) ports.discovery.release(endpoint.key)
      },
    })
    this.#serving = new ServingSets({
      mustAgree: policy.toolLists === 'agree',
      onApart: (endpoint, era, digest) => this.#news.apart(endpoint, era, digest),
      onPlaced: endpoint => ports.balancers.update(endpoint, this.#isServing),
    })
    this.ejections = new Ejections(policy, {
      ...ports,
      serving: this.#serving,
      news: this.#news,
      onChanged: endpoint => {
        ports.balancers.update(endpoint, this.#isServing)
        this.slots.free()
      },
    })
    this.#endpoints = new Membership(policy, {
      clock: ports.clock,
      onAdded: endpoint => this.#add(endpoint),
      onChanged: endpoint => {
        this.#place(endpoint)
        this.#releaseBlocked(endpoint)
      },
      onRenamed: endpoint => {
        this.#obey(endpoint) // what was decided was about the one of the other name
        this.#place(endpoint)
        this.#checker.outdated(endpoint) // it may have been started anew, with other tools
      },
      onRemoved: endpoint => this.#remove(endpoint),
      onComplete: () => this.#applied(),
    })
    this.#unfollow = ports.decisions.follow(key => this.#obey(this.#endpoints.get(key)))
  }

  start(): void {
    this.#ports.discovery.start(snapshot => this.#apply(snapshot))
  }

  get endpoints(): Iterable<Endpoint> {
    return this.#endpoints.values()
  }

  /** A newer table has taken its place. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  get snapshot(): Snapshot | undefined {
    return this.#snapshot
  }

  get discovery(): Discovery {
    return this.#ports.discovery
  }

  /** What is odd about its replicas together, in words; reckoned anew each time. */
  notes(): readonly string[] {
    return [
      ...this.#serving.notes(),
      ...this.ejections.notes(),
      ...this.#ports.balancers.notes(),
      ...revisionNotes(this.#endpoints.values()),
      ...waitingNotes(this.#ports.decisions, key => this.#endpoints.get(key) !== undefined),
    ]
  }

  endpoint(key: string): Endpoint | undefined {
    return this.#endpoints.get(key)
  }

  serving(era: Era): readonly Endpoint[] {
    return this.#serving.of(era)
  }

  /** The era in which a caller of `era` is served: its own where a replica in service speaks it, else the other. */
  readonly eraFor = (era: Era): Era => this.#serving.eraFor(era)

  /** What a replica in service tells of this tool, which is called by its own name; undefined when none offers it. */
  tool(name: string): ToolFacts | 'broken' | undefined {
    return this.#serving.tool(name)
  }

  /** What the replicas that serve this era agree on of a tool; undefined where nobody knows whether they do. */
  readonly agreedTool = (era: Era, name: string): ToolFacts | undefined =>
    this.#serving.agreedTool(era, name)

  /** Another one means other replicas with other lists. */
  readonly listVersion = (era: Era): string => this.#serving.listVersion(era)

  /** `tried` holds keys of endpoints that are out of the question for this call. */
  choose(era: Era, tried: ReadonlySet<string> = NONE_TRIED): Choice {
    const isFree = (one: Endpoint): boolean => !tried.has(one.key) && !this.isFull(one)
    const probed = this.ejections.hasProbes ? this.ejections.probe(era, isFree) : undefined
    if (probed !== undefined) return { kind: 'endpoint', endpoint: probed }
    const isPanic = this.ejections.isPanic(era)
    const balancer = this.#ports.balancers.of(era)
    const now = { nowMs: this.#ports.clock.nowMs(), random: this.#ports.random }
    let isAnyLeft = false
    const mayTake = (candidate: Endpoint): boolean => {
      if (tried.has(candidate.key)) return false
      if (candidate.isEjected && (!isPanic || candidate.breaker?.isForced === true)) return false
      isAnyLeft = true
      return !this.isFull(candidate)
    }
    const endpoint = isPanic ? balancer.pickInPanic(mayTake, now) : balancer.pick(mayTake, now)
    if (endpoint !== undefined) return { kind: 'endpoint', endpoint }
    return isAnyLeft ? { kind: 'full' } : this.#none(era, tried)
  }

  isFull(endpoint: Endpoint): boolean {
    const { perEndpoint, streams } = this.policy.connections
    const most = Math.min(endpoint.mostOf(perEndpoint), endpoint.limitNow)
    return endpoint.inFlight >= most || endpoint.streams >= streams
  }

  /** Traffic met a fault there. */
  readonly suspect = (endpoint: Endpoint): void => this.#checker.suspect(endpoint)

  /** Traffic was told there that the replica takes no more. */
  readonly leaving = (endpoint: Endpoint): void => this.#checker.leaving(endpoint)

  /** Traffic was refused there for what this router believes of it. */
  readonly outdated = (endpoint: Endpoint): void => this.#checker.outdated(endpoint)

  /** Traffic found nobody listening there. */
  refused(endpoint: Endpoint, detail: string): void {
    this.#checker.refused(endpoint, detail)
  }

  /** Resolves when the first set is known and each of its endpoints has been asked once. */
  settled(): Promise<void> {
    if (this.#isSettled()) return Promise.resolve()
    return new Promise(resolve => this.#settledWaiters.push(resolve))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#unfollow()
    this.#checker.close()
    this.ejections.close()
    this.#log.flush()
    this.slots.close()
    for (const wake of this.#settledWaiters.splice(0)) wake()
    for (const lists of [this.#serving, this.#ports.balancers]) lists.clear()
    await Promise.all([this.#ports.discovery.close(), this.#endpoints.close()])
  }

  #none(era: Era, tried: ReadonlySet<string>): NoChoice {
    const up = this.#serving.of(era).length
    const { size } = this.#endpoints
    return noChoice(this.policy.name, { tried: tried.size, up, total: size })
  }

  #apply(snapshot: Snapshot): void {
    if (this.#isClosed) return
    this.#snapshot = snapshot
    this.#endpoints.apply(snapshot.instances)
  }

  #applied(): void {
    if (this.#snapshot === undefined) return
    this.#ports.log('discovery.changed', {
      'ringmain.cluster': this.policy.name,
      endpoints: this.#endpoints.size,
      from: this.#snapshot.from,
    })
    this.#changed()
  }

  #add(endpoint: Endpoint): void {
    const refusal = this.#ports.hostRefusal(endpoint.instance.host)
    this.#obey(endpoint)
    if (refusal === undefined) {
      this.#unasked.add(endpoint)
      return this.#checker.watch(endpoint)
    }
    endpoint.isBlocked = true
    endpoint.becomeDown(refusal)
    this.#news.blocked(endpoint, refusal)
    this.#releaseBlocked(endpoint)
  }

  /** What somebody has decided about it holds from here on. */
  #obey(endpoint: Endpoint | undefined): void {
    if (endpoint === undefined) return
    const { override, breaker } = this.#ports.decisions.of(endpoint.key)
    this.ejections.hold(endpoint, breaker)
    if (endpoint.override === override) return
    endpoint.override = override
    this.#place(endpoint)
    this.slots.free()
  }

  /** What is held until its check fails would be held for ever where nothing checks it. */
  #releaseBlocked({ isBlocked, instance, key }: Endpoint): void {
    if (!isBlocked || instance.isHeld !== true) return
    queueMicrotask(() => this.#ports.discovery.release(key)) // not while a set is being put in place
  }

  #remove(endpoint: Endpoint): void {
    this.#checker.unwatch(endpoint)
    this.#unasked.delete(endpoint)
    this.#place(endpoint)
    this.ejections.remove(endpoint)
    this.#ports.onRemoved(endpoint)
  }

  #healthChanged(endpoint: Endpoint): void {
    this.#news.health(endpoint)
    this.#unasked.delete(endpoint)
    this.#place(endpoint)
    this.#news.hidden(endpoint)
    this.#changed()
  }

  #place(endpoint: Endpoint): void {
    if (!this.#isClosed) this.#serving.update(endpoint) // or it might serve again while others are taken out
    this.ejections.outdated()
  }

  #changed(): void {
    this.slots.free() // a replica that came back may serve those who wait
    if (this.#isSettled()) for (const wake of this.#settledWaiters.splice(0)) wake()
  }

  #isSettled(): boolean {
    if (this.#snapshot === undefined) return this.#isClosed
    return this.#endpoints.isComplete && this.#unasked.size === 0
  }
}
