// Asks every endpoint of a cluster, on its own schedule, whether it still speaks MCP. A failure seen by traffic brings the next
// check forward; a refused connection needs no second opinion.
import { isDeepStrictEqual } from 'node:util'
import type { Clock, Random } from '#foundation/clock.ts'
import type { HealthPolicy } from '#routes/route-table.ts'
import type { Endpoint, Learned } from '../endpoint.ts'

export type CheckResult =
  /**
   * `learned` is absent when the check proved life without asking what the replica speaks. `isPartial`: not all of it could be
   * asked, and for that part it says what was known before.
   */
  | { readonly ok: true; readonly learned?: Learned; readonly isPartial?: true }
  | { readonly ok: false; readonly reason: string; readonly isRefused: boolean }

/** `isDeep`: also find out eras and tools; otherwise the cheapest proof of life. */
export type Check = (endpoint: Endpoint, isDeep: boolean) => Promise<CheckResult>

export interface CheckerPorts {
  readonly check: Check
  readonly clock: Clock
  readonly random: Random
  /** Health, eras or tools of the endpoint changed. */
  readonly onChange: (endpoint: Endpoint) => void
  /** A check of this endpoint failed often enough to take it out. */
  readonly onDown: (endpoint: Endpoint) => void
}

interface Probe {
  timer: NodeJS.Timeout | undefined
  isRunning: boolean
  isAskedAgain: boolean
  /** Its first check has not begun. */
  isNew: boolean
  good: number
  bad: number
  learnedAtMs: number
  /** When traffic last said that what is known is out of date. */
  outdatedAtMs: number
}

const JITTER = 0.2
/** Pace while something is wrong. */
const SUSPECT_INTERVAL_MS = 1_000
/** A replica may be replaced by another version behind the same address. */
const RELEARN_MS = 60_000
/** Finding out costs six requests, a proof of life one: in a large cluster it is every so many checks only. */
const RELEARN_CHECKS = 6
/** Spread of first checks, so that a start does not ask all replicas in one instant. */
const FIRST_SPREAD_MS = 100
/** So many are asked within it; the others follow at the pace. */
const FIRST_AT_ONCE = 50
/** Of checks of one cluster: 200 a second cost a tenth of a core. A large cluster is asked less often instead. */
const PACE_MS = 5
/** Most checks of one cluster under way: each holds a connection, and replicas that hang hold it until their time is over. */
const MOST_AT_ONCE = 128

export class Checker {
  readonly #policy: HealthPolicy
  readonly #ports: CheckerPorts
  readonly #probes = new Map<Endpoint, Probe>() // bounded by the endpoints of the cluster
  readonly #due: Array<() => void> = [] // bounded by the probes, each of which waits once
  #running = 0
  /** Probes whose first check has not begun. */
  #new = 0

  constructor(policy: HealthPolicy, ports: CheckerPorts) {
    this.#policy = policy
    this.#ports = ports
  }

  watch(endpoint: Endpoint): void {
    const probe: Probe = {
      timer: undefined,
      isRunning: false,
      isAskedAgain: false,
      isNew: true,
      good: 0,
      bad: 0,
      learnedAtMs: Number.NEGATIVE_INFINITY,
      outdatedAtMs: Number.NEGATIVE_INFINITY,
    }
    this.#probes.set(endpoint, probe)
    // They come one by one: a spread by their number would be narrow for the first of very many.
    const behindMs = Math.max(0, this.#new - FIRST_AT_ONCE) * PACE_MS
    this.#new += 1
    this.#schedule(endpoint, probe, behindMs + this.#ports.random() * FIRST_SPREAD_MS)
  }

  unwatch(endpoint: Endpoint): void {
    const probe = this.#probes.get(endpoint)
    if (probe === undefined) return
    clearTimeout(probe.timer)
    this.#probes.delete(endpoint)
    this.#noLongerNew(probe)
  }

  /** Traffic saw a fault: ask now rather than at the next turn, but not once for each fault of many. */
  suspect(endpoint: Endpoint): void {
    const probe = this.#probes.get(endpoint)
    if (probe === undefined) return
    if (probe.isRunning) {
      probe.isAskedAgain = true
      return
    }
    const sinceMs = this.#ports.clock.nowMs() - (endpoint.checkedAtMs ?? Number.NEGATIVE_INFINITY)
    this.#schedule(endpoint, probe, Math.max(0, this.#suspectIntervalMs - sinceMs))
  }

  /** Traffic saw that what is known of its eras and tools is out of date: ask for them now, once an interval at most. */
  outdated(endpoint: Endpoint): void {
    const probe = this.#probes.get(endpoint)
    if (probe === undefined) return
    const nowMs = this.#ports.clock.nowMs()
    const askedMs = Math.max(probe.learnedAtMs, probe.outdatedAtMs)
    if (nowMs - askedMs < this.#paced(this.#policy.intervalMs)) return
    probe.outdatedAtMs = nowMs
    probe.learnedAtMs = Number.NEGATIVE_INFINITY
    this.suspect(endpoint)
  }

  /** Traffic saw that nobody listens there. */
  refused(endpoint: Endpoint, reason: string): void {
    const probe = this.#probes.get(endpoint)
    if (probe === undefined || endpoint.health === 'down') return
    this.#apply(endpoint, probe, { ok: false, reason, isRefused: true })
    // A question under way sets the time of the next when it ends.
    if (!probe.isRunning) this.#schedule(endpoint, probe, this.#suspectIntervalMs)
  }

  close(): void {
    for (const probe of this.#probes.values()) clearTimeout(probe.timer)
    this.#probes.clear()
    this.#due.length = 0
    this.#new = 0
  }

  #noLongerNew(probe: Probe): void {
    if (!probe.isNew) return
    probe.isNew = false
    this.#new -= 1
  }

  /** At least as long as asking all of them takes. */
  #paced(intervalMs: number): number {
    return Math.max(intervalMs, this.#probes.size * PACE_MS)
  }

  get #relearnMs(): number {
    return Math.max(RELEARN_MS, RELEARN_CHECKS * this.#probes.size * PACE_MS)
  }

  get #suspectIntervalMs(): number {
    return Math.min(this.#policy.intervalMs, SUSPECT_INTERVAL_MS)
  }

  #schedule(endpoint: Endpoint, probe: Probe, delayMs: number): void {
    clearTimeout(probe.timer)
    if (this.#probes.get(endpoint) !== probe) return // whoever was told of the verdict let it go
    probe.timer = setTimeout(() => this.#whenFree(endpoint, probe), delayMs)
    probe.timer.unref()
  }

  #whenFree(endpoint: Endpoint, probe: Probe): void {
    probe.isRunning = true // or it would be asked for a second time while it waits
    const run = (): void => {
      this.#running += 1
      void this.#run(endpoint, probe).finally(() => {
        this.#running -= 1
        this.#due.shift()?.()
      })
    }
    if (this.#running < MOST_AT_ONCE) run()
    else this.#due.push(run)
  }

  async #run(endpoint: Endpoint, probe: Probe): Promise<void> {
    if (this.#probes.get(endpoint) !== probe) return // removed while it waited
    this.#noLongerNew(probe)
    const nowMs = this.#ports.clock.nowMs()
    const isDeep =
      endpoint.learned === undefined ||
      endpoint.health !== 'up' ||
      nowMs - probe.learnedAtMs > this.#relearnMs
    const result = await this.#ports.check(endpoint, isDeep).catch(
      (error: unknown): CheckResult => ({
        ok: false,
        reason: `the check itself failed: ${(error as Error).message}`,
        isRefused: false,
      }),
    )
    probe.isRunning = false
    if (this.#probes.get(endpoint) !== probe) return // removed while it was asked
    if (result.ok && result.learned !== undefined && result.isPartial !== true)
      probe.learnedAtMs = this.#ports.clock.nowMs()
    this.#apply(endpoint, probe, result)
    const isCalm = result.ok && endpoint.health === 'up' && !probe.isAskedAgain
    probe.isAskedAgain = false
    const base = isCalm ? this.#policy.intervalMs : this.#suspectIntervalMs
    this.#schedule(
      endpoint,
      probe,
      this.#paced(base) * (1 + JITTER * (2 * this.#ports.random() - 1)),
    )
  }

  #apply(endpoint: Endpoint, probe: Probe, result: CheckResult): void {
    const { clock, onChange, onDown } = this.#ports
    endpoint.checkedAtMs = clock.nowMs()
    if (result.ok) {
      probe.bad = 0
      probe.good += 1
      const isNews =
        result.learned !== undefined && !isDeepStrictEqual(result.learned, endpoint.learned)
      if (isNews) endpoint.learned = result.learned
      const isAdmitted =
        endpoint.health === 'unknown' ||
        (endpoint.health === 'down' && probe.good >= this.#policy.rise)
      if (isAdmitted) endpoint.becomeUp(clock.nowMs())
      if (isAdmitted || (isNews && endpoint.health === 'up')) onChange(endpoint)
      return
    }
    probe.good = 0
    probe.bad += 1
    if (endpoint.health === 'down') {
      endpoint.reason = result.reason
      if (endpoint.instance.isHeld === true) onDown(endpoint)
      return
    }
    const isOut =
      endpoint.health === 'unknown' || result.isRefused || probe.bad >= this.#policy.fall
    if (!isOut) return
    endpoint.becomeDown(result.reason)
    onChange(endpoint)
    onDown(endpoint)
  }
}
