// What the replicas of one cluster tell of changes, for all callers who want to hear it: one subscription at one replica, opened with the
// first of them and kept while there is one. A subscription that is lost is opened anew, and what may have changed meanwhile is told as changed.
import type { Random } from '#foundation/clock.ts'
import { TOLD, type Told } from '#router/capabilities.ts'
import type { Cluster } from '#router/clusters/cluster.ts'
import type { Endpoint } from '#router/clusters/endpoint.ts'
import type { HandshakeWay } from '#router/upstream/legacy-handshake.ts'
import type { ClientInfo } from '#router/upstream/questions.ts'
import type { After } from './caller-stream.ts'
import { changeIn, listChanged, resourceUpdated, wordsFor } from './changes.ts'
import {
  type Heard,
  type Subscription,
  type SubscriptionEvents,
  subscribeLegacy,
  subscribeModern,
} from './subscription.ts'
import { tellerIn } from './tellers.ts'
import { TrailingPace } from './trailing-pace.ts'
import type { StreamEnd } from './upstream-events.ts'
import { WatchedUris } from './watched-uris.ts'
import { type By, wayBy } from './way-by.ts'

export interface WatchPorts {
  /** As the table has it now. */
  readonly cluster: (name: string) => Cluster | undefined
  readonly way: (place: { readonly cluster: Cluster; readonly endpoint: Endpoint }) => HandshakeWay
  readonly client: ClientInfo
  readonly random: Random
  readonly nowMs: () => number
  readonly after: After
  /** Before any caller hears of it. */
  readonly onListChanged: (cluster: Cluster, of: Told) => void
}

/** Who wants to hear of it. */
export interface Watcher {
  /** The replicas' own names. */
  readonly uris: ReadonlySet<string>
  /** False while nobody has been promised anything: what was before is no change to it. */
  readonly isPromised: () => boolean
  readonly onList: (of: Told, json: Buffer) => void
  readonly onResource: (uri: string, json: Buffer) => void
}

/** One who has just gone may come back at once, under another filter. */
const LINGER_MS = 5_000
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
/** One that held so long was good: the next is opened at once. */
const GOOD_MS = 10_000
/** By when a replica must have said that it tells; and for each resource that it is asked for, which is a question of its own in a session. */
const OPEN_MS = 10_000
const OPEN_URI_MS = 20
/** How often it is looked at whether its replica is still one of the cluster's. */
const LOOK_MS = 1_000
/** A server that tells of changes all the time is handed on once in so long, for each list and resource. */
const PACE_MS = 1_000

interface Open {
  readonly cluster: Cluster
  readonly endpoint: Endpoint
  readonly subscription: Subscription
  /** What it was asked for. */
  readonly uris: Set<string>
  readonly sinceMs: number
  isReady: boolean
}

export class ClusterWatch {
  readonly #name: string
  readonly #by: By
  readonly #ports: WatchPorts
  readonly #pace: TrailingPace
  readonly #watchers = new Set<Watcher>() // bounded by the streams of callers
  readonly #waiting = new Map<Watcher, () => void>() // of these
  readonly #uris = new WatchedUris<Watcher>() // of these
  #open: Open | undefined
  /** Opened to take its place. */
  #next: Open | undefined
  #failures = 0
  #cancelRetry: (() => void) | undefined
  #cancelLook: (() => void) | undefined
  #cancelLinger: (() => void) | undefined

  /** `by`: which way those who listen have come to this router. */
  constructor(name: string, ports: WatchPorts, by: By) {
    this.#name = name
    this.#ports = ports
    this.#by = by
    this.#pace = new TrailingPace(ports, PACE_MS)
  }

  /** Nobody listens, and nothing is kept open. */
  get isIdle(): boolean {
    return this.#watchers.size === 0 && this.#open === undefined && this.#next === undefined
  }

  /** Of these resources, as many as may be told of besides all others. */
  admitted(uris: Iterable<string>): ReadonlySet<string> {
    return this.#uris.admitted(uris)
  }

  /** Resolves when everything that it wants to hear is told; that may be never. */
  add(watcher: Watcher): Promise<void> {
    this.#watchers.add(watcher)
    this.#uris.take(watcher)
    this.#cancelLinger?.()
    this.#cancelLinger = undefined
    return this.#covered(watcher)
  }

  /** It wants to hear of other resources now. */
  changed(watcher: Watcher): Promise<void> {
    this.#uris.take(watcher)
    this.#dropUnwanted()
    return this.#covered(watcher)
  }

  remove(watcher: Watcher): void {
    this.#watchers.delete(watcher)
    this.#uris.delete(watcher)
    this.#waiting.delete(watcher)
    this.#dropUnwanted()
    if (this.#watchers.size > 0) return
    this.#cancelLinger ??= this.#ports.after(LINGER_MS, () => this.close())
  }

  close(): void {
    this.#cancelRetry?.()
    this.#cancelLook?.()
    this.#cancelLinger?.()
    this.#cancelRetry = this.#cancelLook = this.#cancelLinger = undefined
    for (const one of [this.#open, this.#next]) one?.subscription.end()
    this.#open = this.#next = undefined
    this.#pace.clear()
  }

  #covered(watcher: Watcher): Promise<void> {
    return new Promise(resolve => {
      this.#waiting.set(watcher, resolve)
      this.#cover()
    })
  }

  /** Opens what is wanted, unless it is open. */
  #cover(): void {
    const missing = this.#missing()
    if (this.#open === undefined) {
      if (this.#next === undefined && this.#cancelRetry === undefined) this.#subscribe()
      return
    }
    if (missing.length === 0) return this.#tellCovered()
    const { add } = this.#open.subscription
    if (add === undefined) {
      if (this.#next === undefined) this.#subscribe()
      return
    }
    const open = this.#open
    for (const uri of missing) open.uris.add(uri)
    void add(missing).then(() => {
      if (this.#open === open) this.#tellCovered()
    })
  }

  #missing(): readonly string[] {
    return [...this.#uris.all].filter(uri => this.#open?.uris.has(uri) !== true)
  }

  #dropUnwanted(): void {
    const { subscription, uris } = this.#open ?? {}
    if (subscription?.remove === undefined || uris === undefined) return // gone with the next that takes its place
    const wanted = new Set(this.#uris.all)
    const unwanted = [...uris].filter(uri => !wanted.has(uri))
    for (const uri of unwanted) uris.delete(uri)
    if (unwanted.length > 0) subscription.remove(unwanted)
  }

  #tellCovered(): void {
    for (const [watcher, resolve] of this.#waiting) {
      if (![...watcher.uris].every(uri => this.#open?.uris.has(uri) === true)) continue
      this.#waiting.delete(watcher)
      resolve()
    }
  }

  #subscribe(): void {
    const cluster = this.#ports.cluster(this.#name)
    const place = cluster && tellerIn(cluster, this.#ports.random)
    if (cluster === undefined || place === undefined) return this.#later()
    const { endpoint, era } = place
    const uris = new Set(this.#uris.all)
    const way = wayBy(this.#ports.way({ cluster, endpoint }), this.#by)
    const events: SubscriptionEvents = {
      onReady: () => this.#ready(open),
      onMessage: heard => {
        if (this.#open === open) this.#heard(heard, open)
      },
      onOver: end => this.#over(open, end),
    }
    const subscribe = era === 'modern' ? subscribeModern : subscribeLegacy
    const subscription = subscribe({ way, client: this.#ports.client }, [...uris], events)
    const sinceMs = this.#ports.nowMs()
    const open: Open = { cluster, endpoint, subscription, uris, sinceMs, isReady: false }
    this.#next = open
    this.#ports.after(OPEN_MS + uris.size * OPEN_URI_MS, () => {
      if (this.#next !== open) return
      subscription.end()
      this.#over(open, { kind: 'lost', isNobodyThere: false })
    })
  }

  #ready(open: Open): void {
    if (this.#next !== open) return
    const before = this.#open
    this.#next = undefined
    this.#open = open
    open.isReady = true
    before?.subscription.end()
    if (before === undefined) this.#tellMissed()
    this.#look()
    this.#tellCovered()
    if (this.#missing().length > 0) this.#cover() // who came meanwhile
  }

  /** Nobody knows what has changed while nobody told. */
  #tellMissed(): void {
    for (const of of TOLD) this.#toldList(of, listChanged(of), watcher => watcher.isPromised())
    for (const watcher of this.#watchers)
      if (watcher.isPromised())
        for (const uri of watcher.uris) watcher.onResource(uri, resourceUpdated(uri))
  }

  #heard({ message, json }: Heard, { endpoint, cluster }: Open): void {
    const change = changeIn(message)
    if (change === undefined) return
    const words = wordsFor(change, json)
    if (change.kind === 'list') {
      if (change.of === 'tools') cluster.outdated(endpoint)
      this.#pace.run(change.of, () => this.#toldList(change.of, words, () => true))
      return
    }
    const { uri } = change
    this.#pace.run(`resource ${uri}`, () => {
      for (const watcher of this.#uris.heardBy(uri)) watcher.onResource(uri, words)
    })
  }

  #toldList(of: Told, json: Buffer, hears: (watcher: Watcher) => boolean): void {
    const cluster = this.#ports.cluster(this.#name)
    if (cluster !== undefined) this.#ports.onListChanged(cluster, of)
    for (const watcher of this.#watchers) if (hears(watcher)) watcher.onList(of, json)
  }

  #over(open: Open, end: StreamEnd): void {
    if (end.kind === 'lost' && !end.isNobodyThere) open.cluster.suspect(open.endpoint)
    const wasGood = open.isReady && this.#ports.nowMs() - open.sinceMs >= GOOD_MS
    if (this.#open === open) this.#open = undefined
    else if (this.#next === open) this.#next = undefined
    else return
    if (wasGood) this.#failures = 0
    this.#later()
  }

  /** Not at the same moment as all others who have lost the same replica. */
  #later(): void {
    if (this.#watchers.size === 0 || this.#cancelRetry !== undefined) return
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures)
    this.#failures += 1
    const pauseMs = longest * (0.5 + 0.5 * this.#ports.random())
    this.#cancelRetry = this.#ports.after(pauseMs, () => {
      this.#cancelRetry = undefined
      if (this.#open === undefined || this.#missing().length > 0) this.#cover()
    })
  }

  /** A stream says nothing of a replica that has left the set, or of a cluster that a newer table has replaced. */
  #look(): void {
    this.#cancelLook?.()
    this.#cancelLook = this.#ports.after(LOOK_MS, () => {
      this.#cancelLook = undefined
      const open = this.#open
      if (open === undefined) return
      const isCurrent = this.#ports.cluster(this.#name) === open.cluster
      if (isCurrent && open.endpoint.isRoutable) return this.#look()
      open.subscription.end()
      this.#over(open, { kind: 'ended' })
    })
  }
}
