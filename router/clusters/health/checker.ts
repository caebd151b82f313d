// Asks every endpoint of a cluster, on its own schedule, whether it still speaks MCP. A failure seen by traffic brings the next
// check forward; a refused connection needs no second opinion.
import { isDeepStrictEqual } from 'node:util'
import type { Clock, Random } from '#foundation/clock.ts'
import type { HealthPolicy } from '#routes/route-table.ts'
import type { Endpoint, Learned } from '../endpoint.ts'
import type { Asked, CheckPace } from './check-pace.ts'
import { Round } from './round.ts'

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
  /** Shared by all clusters of the router. */
  readonly pace: CheckPace
  readonly clock: Clock
  readonly random: Random
  /** Health, eras or tools of the endpoint changed. */
  readonly onChange: (endpoint: Endpoint) => void
  /** A check of this endpoint failed often enough to take it out. */
  readonly onDown: (endpoint: Endpoint) => void
}

class Probe implements Asked {
  readonly endpoint: Endpoint
  readonly #run: (probe: Probe) => Promise<void> | undefined
  /** While there is a doubt: its next question has a time of its own. */
  timer: NodeJS.Timeout | undefined
  /** Waits for its turn, or is being asked. */
  isBusy = true
  isAskedAgain = false
  /** What is being asked was so before the replica said that it leaves. */
  isStale = false
  good = 0
  bad = 0
  learnedAtMs = Number.NEGATIVE_INFINITY
  /** What is known is out of date, as traffic said. */
  isOutdated = false
  /** When a question was brought forward for that. */
  outdatedAtMs = Number.NEGATIVE_INFINITY

  constructor(endpoint: Endpoint, run: (probe: Probe) => Promise<void> | undefined) {
    this.endpoint = endpoint
    this.#run = run
  }

  ask(): Promise<void> | undefined {
    return this.#run(this)
  }
}

const LEAVING = 'it answered 503 and closed the connection: it is leaving'
const JITTER = 0.2
/** Pace while something is wrong. */
const SUSPECT_INTERVAL_MS = 1_000
/** A replica may be replaced by another version behind the same address. */
const RELEARN_MS = 60_000
/** Finding out costs six requests, a proof of life one: in a large cluster it is every so many checks only. */
const RELEARN_CHECKS = 6

export class Checker {
  readonly #policy: HealthPolicy
  readonly #ports: CheckerPorts
  readonly #probes = new Map<Endpoint, Probe>() // bounded by the endpoints of the cluster
  readonly #run = (probe: Probe): Promise<void> | undefined => this.#asking(probe)
  /** Those that are well. */
  readonly #calm: Round<Probe>
  /** Those that are down and have not answered since. */
  readonly #down: Round<Probe>

  constructor(policy: HealthPolicy, ports: CheckerPorts) {
    this.#policy = policy
    this.#ports = ports
    const onTurn = (probe: Probe): void => this.#whenFree(probe)
    this.#calm = new Round(policy.intervalMs, { ...ports, onTurn })
    this.#down = new Round(this.#suspectIntervalMs, { ...ports, onTurn })
  }

  watch(endpoint: Endpoint): void {
    const probe = new Probe(endpoint, this.#run)
    this.#probes.set(endpoint, probe)
    this.#ports.pace.askNew(probe)
  }

  unwatch(endpoint: Endpoint): void {
    const probe = this.#probes.get(endpoint)
    if (probe === undefined) return
    this.#hold(probe)
    this.#probes.delete(endpoint)
  }

  /** Traffic saw a fault: ask now rather than at the next turn, but not once for each fault of many. */
  suspect(endpoint: Endpoint): void {
    const probe = this.#probes.get(endpoint)
    if (probe === undefined) return
    if (probe.isBusy) {
      probe.isAskedAgain = true
      return
    }
    const sinceMs = this.#ports.clock.nowMs() - (endpoint.checkedAtMs ?? Number.NEGATIVE_INFINITY)
    this.#askIn(probe, Math.max(0, this.#suspectIntervalMs - sinceMs))
  }

  /** Traffic was told that the replica takes no more: nothing new goes there until it is found well, asked after that. */
  leaving(endpoint: Endpoint): void {
    const probe = this.#probes.get(endpoint)
    if (probe === undefined || endpoint.isLeaving) return
    endpoint.isLeaving = true
    if (endpoint.health === 'up') endpoint.reason = LEAVING
    probe.isStale = probe.isBusy
    this.#ports.onChange(endpoint)
    this.suspect(endpoint)
  }

  /** Traffic saw that what is known of its eras and tools is out of date: ask for them now, or at its next turn: once an interval at most. */
  outdated(endpoint: Endpoint): void {
    const probe = this.#probes.get(endpoint)
    if (probe === undefined) return
    probe.isOutdated = true
    const nowMs = this.#ports.clock.nowMs()
    const askedMs = Math.max(probe.learnedAtMs, probe.outdatedAtMs)
    if (nowMs - askedMs < this.#calm.intervalMs) return
    probe.outdatedAtMs = nowMs
    this.suspect(endpoint)
  }

  /** Traffic saw that nobody listens there. */
  refused(endpoint: Endpoint, reason: string): void {
    const probe = this.#probes.get(endpoint)
    if (probe === undefined || endpoint.health === 'down') return
    this.#apply(endpoint, probe, { ok: false, reason, isRefused: true })
    // A question under way sets the time of the next when it ends.
    if (!probe.isBusy) this.#next(probe)
  }

  close(): void {
    for (const probe of this.#probes.values()) clearTimeout(probe.timer)
    this.#probes.clear()
    this.#calm.close()
    this.#down.close()
  }

  get #suspectIntervalMs(): number {
    return Math.min(this.#policy.intervalMs, SUSPECT_INTERVAL_MS)
  }

  /** No question of its own accord from here on. */
  #hold(probe: Probe): void {
    clearTimeout(probe.timer)
    this.#calm.delete(probe)
    this.#down.delete(probe)
  }

  #next(probe: Probe): void {
    this.#hold(probe)
    const { endpoint, good } = probe
    if (this.#probes.get(endpoint) !== probe) return // whoever was told of the verdict let it go
    if (probe.isAskedAgain || isInDoubt(probe))
      this.#askIn(probe, this.#suspectIntervalMs * (1 + JITTER * (2 * this.#ports.random() - 1)))
    else if (good > 0) this.#calm.add(probe)
    else this.#down.add(probe)
    probe.isAskedAgain = false
  }

  #askIn(probe: Probe, delayMs: number): void {
    this.#hold(probe)
    probe.timer = setTimeout(() => this.#whenFree(probe), delayMs)
    probe.timer.unref()
  }

  #whenFree(probe: Probe): void {
    probe.isBusy = true // or it would be asked for a second time while it waits
    this.#ports.pace.ask(probe)
  }

  /** Undefined: it was removed while it waited. */
  #asking(probe: Probe): Promise<void> | undefined {
    return this.#probes.get(probe.endpoint) === probe ? this.#ask(probe) : undefined
  }

  async #ask(probe: Probe): Promise<void> {
    const { endpoint } = probe
    const relearnMs = Math.max(RELEARN_MS, RELEARN_CHECKS * this.#calm.intervalMs)
    const isDeep =
      endpoint.learned === undefined ||
      endpoint.health !== 'up' ||
      probe.isOutdated ||
      this.#ports.clock.nowMs() - probe.learnedAtMs > relearnMs
    const wasOutdated = probe.isOutdated
    probe.isOutdated = false // what is said while it is asked may be news to the answer
    const result = await this.#ports.check(endpoint, isDeep).catch(
      (error: unknown): CheckResult => ({
        ok: false,
        reason: `the check itself failed: ${(error as Error).message}`,
        isRefused: false,
      }),
    )
    probe.isBusy = false
    if (this.#probes.get(endpoint) !== probe) return // removed while it was asked
    if (result.ok && result.learned !== undefined && result.isPartial !== true)
      probe.learnedAtMs = this.#ports.clock.nowMs()
    else probe.isOutdated ||= wasOutdated
    this.#apply(endpoint, probe, result)
    probe.isStale = false
    this.#next(probe)
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
      const isBack = endpoint.isLeaving && endpoint.health === 'up' && !probe.isStale
      if (isBack) stay(endpoint)
      const isAdmitted =
        endpoint.health === 'unknown' ||
        (endpoint.health === 'down' && probe.good >= this.#policy.rise)
      if (isAdmitted) endpoint.becomeUp(clock.nowMs())
      if (isAdmitted || isBack || (isNews && endpoint.health === 'up')) onChange(endpoint)
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

/** Its last answers do not say the same as its health. */
const isInDoubt = ({ endpoint, good }: Probe): boolean =>
  endpoint.isLeaving || (endpoint.health === 'up') !== good > 0

function stay(endpoint: Endpoint): void {
  endpoint.isLeaving = false
  endpoint.reason = undefined
}
