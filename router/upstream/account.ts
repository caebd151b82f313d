// What one call puts to the account of its replica: that it is carried, how fast its answer began, and whether it was a good one.
// A fault is counted once, with the head or with what came after it.
import type { Clock } from '#foundation/clock.ts'
import { isTooMuch } from '#router/clusters/adaptive-limit.ts'
import type { Cluster } from '#router/clusters/cluster.ts'
import type { Verdict } from '#router/clusters/ejection/endpoint-breaker.ts'
import type { Endpoint } from '#router/clusters/endpoint.ts'
import type { AfterHead, Attempt } from '#router/facts.ts'
import { isLateFault, isLeaving, type Outcome, outcomeOf } from '#router/outcome.ts'

/** Results that the word of a tool which says no counts as: it is given less by so much, and carries nothing meanwhile. */
const REFUSAL_COSTS = 2

export class Account {
  readonly #cluster: Cluster
  readonly #endpoint: Endpoint
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #beganMs: number
  /** For the breaker, which hears nothing of calls that began before its state changed. */
  #ticket: number | undefined
  #isStream = false
  #head: Attempt | undefined
  #isSettled = false

  /** A handshake is in the place of a call that is counted, and told of here only if it fails: it is not what a breaker waits for. */
  constructor(
    cluster: Cluster,
    endpoint: Endpoint,
    clock: Pick<Clock, 'nowMs'>,
    of: 'call' | 'handshake' = 'call',
  ) {
    this.#cluster = cluster
    this.#endpoint = endpoint
    this.#clock = clock
    this.#beganMs = clock.nowMs()
    if (of === 'handshake' && endpoint.isEjected) return
    this.#ticket = cluster.ejections.begin(endpoint)
    if (of === 'handshake') return
    endpoint.calls += 1
    endpoint.inFlight += 1
  }

  /** An answer that waits for its reader says as little of load as a stream does, and must not keep others waiting. */
  readonly becomeStream = (): void => {
    if (this.#isStream) return
    this.#isStream = true
    this.#endpoint.inFlight -= 1
    this.#endpoint.streams += 1
    this.#cluster.slots.free()
  }

  close(): void {
    if (this.#isStream) this.#endpoint.streams -= 1
    else this.#endpoint.inFlight -= 1
    this.#cluster.slots.free()
  }

  /** Time to first byte is a sample; a fault of the replica is a bad one, and one before the first byte a reason to ask after its health. */
  began(head: Attempt): void {
    const outcome = outcomeOf(head)
    const { fault, isThrottled, retryAfterMs } = outcome
    const nowMs = this.#clock.nowMs()
    const tookMs = head.kind === 'answered' ? head.firstByteMs : nowMs - this.#beganMs
    this.#head = head
    this.#adapt(head, nowMs)
    if (isLeaving(head)) this.#cluster.leaving(this.#endpoint)
    if (fault === 'endpoint' || isThrottled) this.#endpoint.penalise(tookMs, nowMs, retryAfterMs)
    else if (head.kind === 'timeout' || head.kind === 'abandoned')
      this.#endpoint.silent(tookMs, nowMs)
    else if (head.kind === 'answered') {
      this.#endpoint.answered(tookMs, nowMs)
      this.#cluster.ejections.heard(this.#endpoint, this.#ticketed())
      return // its end says whether it was a good one
    }
    this.#settle(outcome)
    if (head.kind === 'answered' || (fault !== 'endpoint' && head.kind !== 'timeout')) return
    if (head.kind === 'not_sent' && head.isNobodyThere)
      this.#cluster.refused(this.#endpoint, head.detail)
    else this.#cluster.suspect(this.#endpoint)
  }

  readonly ended = (after: AfterHead): void => {
    if (this.#head === undefined || this.#isSettled) return
    const outcome = outcomeOf(this.#head, after)
    this.#settle(outcome)
    if (!isLateFault(this.#head, after)) return this.#observe(outcome)
    this.#endpoint.penalise(0, this.#clock.nowMs())
    this.#cluster.suspect(this.#endpoint)
  }

  /** To say no takes less than to do something: who does it to every call would look like the fastest, and get all of them. */
  #observe({ fault }: Outcome): void {
    if (this.#head?.kind !== 'answered') return
    const { results } = this.#cluster
    const { firstByteMs } = this.#head
    const nowMs = this.#clock.nowMs()
    if (fault === 'none') results.add(firstByteMs, nowMs)
    const leastMs = fault === 'tool' ? REFUSAL_COSTS * results.at(nowMs) : 0
    this.#endpoint.observe(Math.max(firstByteMs, leastMs), nowMs)
  }

  /** How many calls it is given at once follows what it answers. */
  #adapt(head: Attempt, nowMs: number): void {
    const { perEndpoint, minPerEndpoint: least } = this.#cluster.policy.connections
    const { limit } = this.#endpoint
    const most = this.#endpoint.mostOf(perEndpoint)
    if (isTooMuch(head)) limit.lower({ least, most }, this.#beganMs, nowMs)
    else if (head.kind === 'answered') limit.raise(most, this.#endpoint.inFlight)
  }

  #settle(outcome: Outcome): void {
    this.#isSettled = true
    this.#cluster.ejections.settle(this.#endpoint, this.#ticketed(), verdictOf(outcome))
  }

  #ticketed(): number {
    this.#ticket ??= this.#cluster.ejections.begin(this.#endpoint)
    return this.#ticket
  }
}

function verdictOf({ fault, isThrottled }: Outcome): Verdict {
  if (isThrottled) return 'busy'
  if (fault === 'endpoint') return 'fault'
  return fault === 'none' || fault === 'tool' ? 'good' : 'none'
}
