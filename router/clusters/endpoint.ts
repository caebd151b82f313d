// One replica as this router knows it: what discovery says, what checks say, how fast it answered, what it carries now.
// Health is this process's own opinion and is never shared.
import type { Capabilities } from '#router/capabilities.ts'
import type { ToolFacts } from '#router/tool-facts.ts'
import type { ClusterPolicy, Era } from '#routes/route-table.ts'
import type { AdaptiveLimit } from './adaptive-limit.ts'
import type { TierName } from './balancers/place.ts'
import type { Instance } from './discovery/instance.ts'
import type { EndpointBreaker } from './ejection/endpoint-breaker.ts'
import { Experience } from './experience.ts'
import { type Override, overridden } from './override.ts'
import { LEAST_MS } from './peak-average.ts'

/** What a check that spoke MCP learned of the replica. */
export interface Learned {
  readonly eras: readonly Era[]
  /** Legacy only: whether `initialize` opens a session that later requests must name. */
  readonly isSessionful: boolean
  /** Legacy revision it answers under. */
  readonly legacyVersion?: string
  readonly instructions?: string
  /** What it says that it can do, by the era that it was asked in. */
  readonly capabilities?: Readonly<Partial<Record<Era, Capabilities>>>
  /** Its tools by own name; `broken`: a definition that a client must leave out. */
  readonly tools: ReadonlyMap<string, ToolFacts | 'broken'>
  /** By the era that it was read in: a server may describe its tools in another way to the other. Absent: not asked for yet. */
  readonly lists?: Readonly<Partial<Record<Era, KnownList>>>
}

/** What is known of a replica's list of tools, definitions included. */
export interface KnownList {
  readonly digest?: string
  /** Checks in a row that could not read it since it had this digest, counted up to where the digest is doubted. */
  readonly misses?: number
  /** Why there is no digest, or why it is not read anew. */
  readonly problem?: string
}

/**
 * Checks in a row that may fail to read a list before its digest is no longer believed: a replica that is slow or busy for a moment
 * stays in service, and one that shows another list and breaks off within it does not stay for ever.
 */
export const MOST_MISSES = 3

/** How replicas of its cluster may be reached, by the document. */
export type Reach = Pick<ClusterPolicy, 'addresses' | 'tls'>

/** What a document allows for replicas that it names itself. */
const OWN_REACH: Reach = { addresses: { allow: ['loopback', 'private', 'public'] } }

export type Health = 'unknown' | 'up' | 'down'

/** What a failure counts as, so that a replica that fails fast does not look fast (Linkerd's load biaser). */
const FAILURE_SAMPLE_MS = 5_000
const MOST_RETRY_AFTER_MS = 300_000
/** A failure costs its caller more than a late answer does, so it is longer until somebody is sent to find out. */
const FAILURE_REST_MS = 30_000
const SLOW_START_MS = 30_000
const SLOW_START_LEAST = 0.1

/** Shared by all that are not. */
export const NOT_APART: Endpoint['apart'] = Object.freeze({})

export class Endpoint {
  readonly reach: Reach
  #told: Instance
  #override: Override | undefined
  #instance: Instance
  health: Health = 'unknown'
  /** Why health is not `up`. */
  reason: string | undefined
  learned: Learned | undefined
  /** Calls from dispatch to their end, but for those counted as streams. */
  inFlight = 0
  /** Event streams and answers that wait for a slow reader, from their first byte: they say nothing of load. */
  streams = 0
  /** Streams of callers' sessions that are open beside all calls. */
  listeners = 0
  calls = 0
  faults = 0
  checkedAtMs: number | undefined
  /** How near it is to this router; undefined before its first check. */
  tier: TierName | undefined
  isRemoved = false
  /** A call was told so there: given nothing new until a check that was begun after that finds it well. */
  isLeaving = false
  /** It has an address that is never connected to, neither by a call nor by a check. */
  isBlocked = false
  /** From its first answer on. */
  breaker: EndpointBreaker | undefined
  /** Its breaker is not closed: it is given no call but a probe. */
  isEjected = false
  /** In service, but given nothing new of these eras, and why: its tools differ from those of the replicas that serve, or are not known. */
  apart: Readonly<Partial<Record<Era, string>>> = NOT_APART
  #experience: Experience | undefined
  #upSinceMs = 0

  constructor(instance: Instance, reach: Reach = OWN_REACH) {
    this.reach = reach
    this.#told = this.#instance = instance
  }

  /** What discovery says of it, with what somebody has decided about it. */
  get instance(): Instance {
    return this.#instance
  }

  set instance(told: Instance) {
    this.#told = told
    this.#instance = overridden(told, this.#override)
  }

  get override(): Override | undefined {
    return this.#override
  }

  set override(override: Override | undefined) {
    this.#override = override
    this.instance = this.#told
  }

  /** Since it was let in, or came back, last. */
  get upSinceMs(): number {
    return this.#upSinceMs
  }

  get #calls(): Experience {
    this.#experience ??= new Experience(this.#upSinceMs)
    return this.#experience
  }

  get limit(): AdaptiveLimit {
    return this.#calls.limit
  }

  /** Calls at once that its own answers allow; infinite until there was a sign. */
  get limitNow(): number {
    return this.#experience?.limit.value ?? Number.POSITIVE_INFINITY
  }

  /** As discovery names it now. */
  get key(): string {
    return this.instance.key
  }

  get origin(): string {
    const { host, port, tls } = this.instance
    const isTls = tls === true || this.reach.tls !== undefined
    return `${isTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
  }

  get isApart(): boolean {
    return this.apart.modern !== undefined || this.apart.legacy !== undefined
  }

  /** Why it is apart, and from which callers where others are sent to it. */
  get whyApart(): string | undefined {
    const eras = this.learned?.eras ?? []
    const whys = eras.flatMap(era => this.apart[era] ?? [])
    if (whys.length === 0) return undefined
    const says = [...new Set(whys)].join('; ')
    return whys.length === eras.length
      ? says
      : `for ${Object.keys(this.apart).join()} callers: ${says}`
  }

  /** Calls that it may have at once by the document and by its own word, whatever its answers tell. */
  mostOf(perEndpoint: number): number {
    const { concurrency = perEndpoint } = this.instance
    return Math.min(perEndpoint, concurrency)
  }

  mayServe(era: Era): boolean {
    return this.health === 'up' && this.wouldServe(era)
  }

  /** If it were up. */
  wouldServe(era: Era): boolean {
    return this.#isReady && this.learned?.eras.includes(era) === true
  }

  get isRoutable(): boolean {
    return this.health === 'up' && this.#isReady
  }

  get #isReady(): boolean {
    return this.instance.state === 'ready' && !this.isRemoved && !this.isLeaving
  }

  becomeUp(nowMs: number): void {
    this.health = 'up'
    this.isLeaving = false
    this.reason = undefined
    this.warmUp(nowMs)
  }

  /** It begins anew: what it was before it went away says nothing of what it is now. */
  warmUp(nowMs: number): void {
    this.#upSinceMs = nowMs
    this.#experience?.beginAnew(nowMs)
  }

  becomeDown(reason: string): void {
    this.health = 'down'
    this.reason = reason
  }

  /** A time to first byte. */
  observe(sampleMs: number, nowMs: number): void {
    const { average, askedUntilMs } = this.#calls
    average.add(sampleMs, nowMs, nowMs >= askedUntilMs)
  }

  /** A fault of the replica. */
  penalise(elapsedMs: number, nowMs: number, retryAfterMs = 0): void {
    this.faults += 1
    const asked = Math.min(retryAfterMs, MOST_RETRY_AFTER_MS)
    this.observe(Math.max(elapsedMs, FAILURE_SAMPLE_MS, asked), nowMs)
    const calls = this.#calls
    calls.askedUntilMs = Math.max(calls.askedUntilMs, nowMs + asked)
    calls.restsUntilMs = Math.max(calls.restsUntilMs, nowMs + Math.max(FAILURE_REST_MS, asked))
  }

  /** Nobody knows how it does now, and a call there would tell. */
  isWorthALook(nowMs: number): boolean {
    const { average, restsUntilMs } = this.#calls
    return this.inFlight === 0 && nowMs >= restsUntilMs && average.isUnheard(nowMs)
  }

  /** The average of its times as of now. */
  ewmaMs(nowMs: number): number {
    return this.#experience?.average.at(nowMs) ?? LEAST_MS
  }

  /** No first byte came in so long, and nobody waits for it any more: what a short wait did not see says nothing. */
  silent(waitedMs: number, nowMs: number): void {
    if (waitedMs > this.ewmaMs(nowMs)) this.observe(waitedMs, nowMs)
  }

  /** A first byte of an answer came after so long. That it came late counts at once; that it came soon, when it is known what came. */
  answered(tookMs: number, nowMs: number): void {
    this.silent(tookMs, nowMs)
    this.#calls.firstBytes.add(tookMs, nowMs)
  }

  /** How long a call usually waits for its first byte here; fades while none comes, or nothing would ever show that it got faster. */
  typicalMs(nowMs: number): number {
    return this.#experience?.firstBytes.at(nowMs) ?? 0
  }

  /** What a call costs here while it carries so many more; `part` is its share as a multiple of the average one. */
  cost(nowMs: number, more = 0, part = 1): number {
    return this.ewmaMs(nowMs) * (1 + (this.inFlight + more) / part)
  }

  /** What its weight is multiplied by: from 0.1 to 1, growing while caches and connections warm. */
  slowStart(nowMs: number): number {
    const share = (nowMs - this.#upSinceMs) / SLOW_START_MS
    return share >= 1 ? 1 : Math.max(SLOW_START_LEAST, share)
  }
}
