// The breaker of one endpoint. What opens it is counted here; opossum keeps the state from then on: open, half-open for one
// probe, closed. What opossum would decide by itself it is never asked: it sees the probes of one ejection and nothing else.
import { EventEmitter } from 'node:events'
import CircuitBreaker from 'opossum'
import type { Clock, Random } from '#foundation/clock.ts'
import type { EjectionPolicy } from '#routes/route-table.ts'
import type { HeldBreaker } from '../override.ts'
import { AnswerWindow } from './answer-window.ts'
import { ejectionMs } from './back-off.ts'

export type BreakerState = 'closed' | 'open' | 'half_open'
export type EjectionReason = 'consecutive_faults' | 'success_rate' | 'probe_failed' | 'forced'
/** `busy`: it said that it has too much to do. `none`: the call says nothing of it, as one that its caller ended. */
export type Verdict = 'good' | 'fault' | 'busy' | 'none'

export interface BreakerPorts {
  readonly clock: Clock
  readonly random: Random
  /** False: so many are out that this one must stay. */
  readonly mayEject: () => boolean
  readonly onEjected: (why: EjectionReason, forMs: number) => void
  /** A probe may go to it. `isAnew`: the one before said nothing of it. */
  readonly onHalfOpen: (isAnew: boolean) => void
  readonly onRestored: () => void
}

export interface BreakerView {
  readonly state: BreakerState
  readonly why?: EjectionReason
  readonly sinceMs?: number
  readonly untilMs?: number
  /** Held so by somebody, until it is reset. */
  readonly isForced: boolean
  /** It would be out, were not so many out already. */
  readonly wouldBeEjected: boolean
}

interface Probe {
  /** A call has it; before, it is promised to the one that was chosen. */
  isTaken: boolean
  /** Its answer has begun. */
  isHeard: boolean
  readonly good: () => void
  readonly bad: (why: Error) => void
  readonly limit: NodeJS.Timeout
}

type Machine = CircuitBreaker<[Promise<void>], void>

/** Of a call whose verdict counts for nothing, whatever it will be. */
const UNCOUNTED = -1
/** Fewer answers say nothing about a rate. */
const LEAST_ANSWERS = 5
/** A forced state lasts until it is reset: the longest time of a timer, again and again. */
const FOR_EVER_MS = 2_147_483_647

/**
 * No timeout, since calls have deadlines of their own and a late probe its limit here; no percentiles, which are sorted at every
 * failure; a controller that never turns its buckets, or each breaker would have an interval for a window that nobody reads.
 */
export const machineOptions = (resetTimeout: number): CircuitBreaker.Options<[Promise<void>]> => ({
  timeout: false,
  resetTimeout,
  rollingPercentilesEnabled: false,
  enableSnapshots: false,
  rotateBucketController: new EventEmitter(),
  name: 'endpoint',
})

export class EndpointBreaker {
  readonly #policy: EjectionPolicy
  readonly #ports: BreakerPorts
  readonly #probeMs: number
  readonly #window: AnswerWindow
  /** There while it is not closed; a new one for each ejection, since the time to the probe is another each time. */
  #machine: Machine | undefined
  #probe: Probe | undefined
  /** Changes with every change of state: a call that began before it says nothing of what is now. */
  #epoch = 0
  #faultsInRow = 0
  #ejectionsInRow = 0
  #lastMs = 0
  #sinceMs = 0
  #untilMs = 0
  #why: EjectionReason | undefined
  #held: HeldBreaker | undefined

  /** `probeMs`: longer than any call waits for its first byte, so that silence is told as a fault before. */
  constructor(policy: EjectionPolicy, ports: BreakerPorts, probeMs: number) {
    this.#policy = policy
    this.#ports = ports
    this.#probeMs = probeMs
    this.#window = new AnswerWindow(policy.windowMs)
  }

  get state(): BreakerState {
    if (this.#machine === undefined || this.#machine.closed) return 'closed'
    return this.#machine.opened ? 'open' : 'half_open'
  }

  /** By hand. */
  get held(): HeldBreaker | undefined {
    return this.#held
  }

  get isForced(): boolean {
    return this.#held !== undefined
  }

  get mayProbe(): boolean {
    return this.#machine?.pendingClose === true && this.#probe === undefined
  }

  view(nowMs: number): BreakerView {
    const { state, isForced } = this
    if (state === 'closed')
      return { state, isForced, wouldBeEjected: this.#reasonToEject(nowMs) !== undefined }
    return {
      state,
      isForced,
      wouldBeEjected: false,
      sinceMs: this.#sinceMs,
      ...(this.#why === undefined ? {} : { why: this.#why }),
      ...(isForced || state === 'half_open' ? {} : { untilMs: this.#untilMs }),
    }
  }

  /** Promises the probe to the call that was chosen for it: no other is chosen until it is over, or was forgone. */
  reserve(): void {
    if (this.#machine === undefined || !this.mayProbe) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const limit = setTimeout(() => this.#late(), this.#probeMs)
    limit.unref()
    this.#epoch += 1
    this.#probe = { isTaken: false, isHeard: false, good: resolve, bad: reject, limit }
    // It settles with the verdict below, which is told to nobody a second time.
    this.#machine.fire(promise).catch(() => undefined)
  }

  /** Whoever was chosen does not send after all. */
  forgo(): void {
    if (this.#probe?.isTaken === false) this.#probeAnew()
  }

  /** A call begins. What it returns is given to `heard` and `settle`; only a call of this epoch counts. */
  begin(): number {
    if (this.#machine === undefined) return this.#epoch
    this.reserve()
    if (this.#probe === undefined || this.#probe.isTaken) return UNCOUNTED
    this.#probe.isTaken = true
    return this.#epoch
  }

  /** The answer has begun, and well as far as can be seen. */
  heard(ticket: number): void {
    if (this.#probe !== undefined && ticket === this.#epoch) this.#probe.isHeard = true
  }

  settle(ticket: number, verdict: Verdict, nowMs: number): void {
    if (ticket !== this.#epoch) return
    if (this.#probe !== undefined) this.#settleProbe(this.#probe, verdict)
    else if (this.#machine === undefined) this.#count(verdict, nowMs)
  }

  /** By hand, and whatever else is out. */
  forceOpen(): void {
    this.#held = 'open'
    this.#eject('forced', FOR_EVER_MS)
  }

  /** By hand: it is not ejected any more, whatever it answers. */
  forceClose(): void {
    this.#forget()
    this.#held = 'closed'
  }

  /** As if nothing had been seen of it. */
  reset(): void {
    this.#forget()
    this.#ejectionsInRow = 0
  }

  /** No timer is left. */
  close(): void {
    this.#epoch += 1
    this.#dropProbe()
    this.#machine?.shutdown()
    this.#machine = undefined
  }

  #count(verdict: Verdict, nowMs: number): void {
    if (verdict === 'none') return
    this.#window.add(verdict === 'good', nowMs)
    if (verdict === 'good') this.#faultsInRow = 0
    else if (verdict === 'fault') this.#faultsInRow += 1
    if (verdict === 'good' || this.isForced) return
    const why = this.#reasonToEject(nowMs)
    if (why === undefined || !this.#ports.mayEject()) return
    this.#startOver(nowMs)
    this.#eject(why)
  }

  #reasonToEject(nowMs: number): EjectionReason | undefined {
    const { consecutiveFaults, minSuccessRate } = this.#policy
    if (this.#faultsInRow >= consecutiveFaults) return 'consecutive_faults'
    const isKnown = this.#window.answers(nowMs) >= LEAST_ANSWERS
    return isKnown && this.#window.successRate(nowMs) < minSuccessRate ? 'success_rate' : undefined
  }

  /**
   * The first of a row again, when it has been well for as long as it was out, and for a window at least: what fails sooner
   * after each return is what longer and longer ejections are for.
   */
  #startOver(nowMs: number): void {
    const wellMs = nowMs - this.#sinceMs
    if (wellMs >= Math.max(this.#lastMs, this.#policy.windowMs)) this.#ejectionsInRow = 0
  }

  #eject(why: EjectionReason, fixedMs?: number): void {
    const forMs = fixedMs ?? ejectionMs(this.#policy, this.#ejectionsInRow, this.#ports.random)
    if (fixedMs === undefined) {
      this.#ejectionsInRow += 1
      this.#lastMs = forMs
    }
    this.#why = why
    this.#sinceMs = this.#ports.clock.nowMs()
    this.#untilMs = this.#sinceMs + forMs
    this.#open(forMs, false)
    this.#ports.onEjected(why, forMs)
  }

  #open(forMs: number, isAnew: boolean): void {
    this.#epoch += 1
    this.#dropProbe()
    this.#machine?.shutdown()
    const machine: Machine = new CircuitBreaker(outcome => outcome, machineOptions(forMs))
    machine.open()
    machine.on('halfOpen', () => {
      if (this.#held === 'open') return this.#open(FOR_EVER_MS, isAnew) // as long as a timer can be
      this.#epoch += 1
      this.#ports.onHalfOpen(isAnew)
    })
    machine.on('open', () => this.#eject('probe_failed'))
    machine.on('close', () => this.#forget())
    this.#machine = machine
  }

  #settleProbe({ good, bad }: Probe, verdict: Verdict): void {
    if (verdict === 'none') return this.#probeAnew()
    this.#epoch += 1 // it is told once
    this.#dropProbe()
    if (verdict === 'good') good()
    else bad(new Error(verdict))
  }

  /** It streams on, which nobody can do who is not there; or it is lost, and another may find out. */
  #late(): void {
    if (this.#probe === undefined) return
    this.#settleProbe(this.#probe, this.#probe.isHeard ? 'good' : 'none')
  }

  /** The machine cannot take back a probe: another one takes its place, and is half-open at its next turn. */
  #probeAnew(): void {
    this.#open(0, true)
  }

  #dropProbe(): void {
    clearTimeout(this.#probe?.limit)
    this.#probe = undefined
  }

  /** Closed, with counts and window as of one that nobody knows. */
  #forget(): void {
    const wasOut = this.#machine !== undefined
    this.close()
    this.#window.clear()
    this.#faultsInRow = 0
    this.#held = undefined
    this.#why = undefined
    this.#sinceMs = this.#ports.clock.nowMs()
    if (wasOut) this.#ports.onRestored()
  }
}
