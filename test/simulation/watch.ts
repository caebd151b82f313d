// What must hold whatever happens: looked at with every call that is sent, after every event, and when all is over. The first breach counts.
import type { Cluster } from '#router/clusters/cluster.ts'
import type { Instance } from '#router/clusters/discovery/instance.ts'
import type { Endpoint } from '#router/clusters/endpoint.ts'
import type { Fate } from '#test/chaos/kit/calls.ts'
import { EjectionWatch } from './ejection-watch.ts'
import type { Delivery, FakeNet } from './fake-net.ts'
import type { Caller, Scenario, SimCall } from './scenario.ts'

export interface Breach {
  readonly atMs: number
  readonly what: string
}

/** Longest that a call may be on its way: it waits, is sent, is sent once more, and each has a limit of a second and a half at most. */
const STUCK_MS = 8_000
/** Before its call is sent a handshake may have failed at each replica, in as long as a call may take there. */
const STUCK_LEGACY_MS = 16_000
/** What a deadline may be late by. */
const LATE_MS = 50
/** From the end of all faults until every call succeeds: checks come within a second, and two must be good. */
const RECOVERY_MS = 8_000

export class Watch {
  readonly #scenario: Scenario
  readonly #nowMs: () => number
  readonly #net: FakeNet
  #cluster: Cluster | undefined
  #ejections: EjectionWatch | undefined
  /** What the registry says now. */
  #published: ReadonlyMap<string, Instance> = new Map()
  /** Where each call was sent. Bounded by the calls of one run. */
  readonly #sentTo = new Map<string, Set<Endpoint>>()
  /** On their way. Bounded by the calls of one run. */
  readonly #open = new Map<string, SimCall>()
  /** Who asked for each. Bounded by the calls of one run. */
  readonly #callers = new Map<string, Caller>()
  breach: Breach | undefined

  constructor(scenario: Scenario, net: FakeNet, nowMs: () => number) {
    this.#scenario = scenario
    this.#net = net
    this.#nowMs = nowMs
  }

  /** Calls that were sent more than once. */
  get sentAgain(): number {
    return [...this.#sentTo.values()].filter(endpoints => endpoints.size > 1).length
  }

  opened(cluster: Cluster): void {
    this.#cluster = cluster
    this.#ejections = new EjectionWatch(cluster, what => this.#break(what))
  }

  published(instances: readonly Instance[]): void {
    this.#published = new Map(instances.map(instance => [instance.key, instance]))
  }

  began(call: SimCall): void {
    this.#open.set(call.call, call)
    this.#callers.set(call.call, call.caller)
  }

  isOpen({ call }: SimCall): boolean {
    return this.#open.has(call)
  }

  /** The router gives a replica a call; its slot is taken already. */
  sent(delivery: Delivery): void {
    const { call, tool, endpoint } = delivery
    const { key, inFlight } = endpoint
    const caller = this.#callers.get(call)
    const sentTo = this.#sentTo.get(call) ?? new Set()
    const where = `${call} (${tool}) was sent to ${key}`
    if (caller === 'modern') {
      this.#chosen(endpoint, where)
      this.#ejections?.sent(delivery, this.#published)
    }
    if (typeof caller === 'object' && sentTo.size > 0)
      this.#break(`${where}, a call of a session that was sent before`)
    if (inFlight > this.#scenario.perEndpoint)
      this.#break(`${where}, which carries ${inFlight} of ${this.#scenario.perEndpoint}`)
    if (sentTo.has(endpoint)) this.#break(`${where} for the second time`)
    if (tool === 'act' && this.#net.executions.has(call)) this.#break(`${where} after it had run`)
    sentTo.add(endpoint)
    this.#sentTo.set(call, sentTo)
  }

  /** A legacy replica is chosen with the handshake, and is what it was then when the call follows. */
  opening(endpoint: Endpoint): void {
    this.#chosen(endpoint, `a session was asked for at ${endpoint.key}`)
  }

  #chosen({ isRemoved, key, health }: Endpoint, where: string): void {
    if (isRemoved) this.#break(`${where}, which had left`)
    if (this.#published.get(key)?.state !== 'ready')
      this.#break(`${where}, which the registry does not call ready`)
    if (health !== 'up') this.#break(`${where}, whose health is ${health}`)
  }

  /** The exchange has ended. */
  over(delivery: Delivery): void {
    this.#ejections?.over(delivery)
  }

  /** After every event, when all that it set off is done. */
  look(): void {
    this.#ejections?.look()
    for (const endpoint of this.#cluster?.endpoints ?? []) this.#lookAt(endpoint)
    for (const endpoint of this.#net.endpoints) if (endpoint.isRemoved) this.#lookAt(endpoint)
  }

  #lookAt(endpoint: Endpoint): void {
    const { key, inFlight, streams } = endpoint
    const { all, sent } = this.#net.openAt(endpoint)
    const held = inFlight + streams
    if (inFlight < 0 || streams < 0) this.#break(`${key} has ${inFlight} and ${streams} slots`)
    if (held > all) this.#break(`${key} holds ${held} slots for ${all} exchanges`)
    if (held < sent) this.#break(`${key} holds ${held} slots while it works on ${sent}`)
  }

  /** `openedMs`: when the session of its caller was opened. */
  ended(
    call: SimCall,
    {
      fate,
      says,
      openedMs,
    }: { readonly fate: Fate; readonly says: string; readonly openedMs: number | undefined },
  ): void {
    this.#open.delete(call.call)
    const nowMs = this.#nowMs()
    const runs = this.#net.executions.get(call.call) ?? 0
    const told = `${call.call} (${call.tool}) was told ${fate} ${says}`.trimEnd()
    if (call.tool === 'act' && runs > 1) this.#break(`${call.call} ran ${runs} times`)
    if (fate === 'not_done' && runs > 0) this.#break(`${told}, and it ran`)
    if (fate === 'done' && runs === 0 && call.tool !== 'initialize')
      this.#break(`${told}, and it never ran`)
    if (fate === 'mute') this.#break(told)
    const stuckMs = call.caller === 'modern' ? STUCK_MS : STUCK_LEGACY_MS
    const limitMs = call.deadlineMs === undefined ? stuckMs : call.deadlineMs + LATE_MS
    if (nowMs - call.atMs > limitMs)
      this.#break(`${told} after ${nowMs - call.atMs} ms, ${limitMs} are its most`)
    const isCalm = call.atMs > this.#scenario.calmMs + RECOVERY_MS
    const isLost = says === 'RINGMAIN_SESSION_UNKNOWN' && openedMs !== undefined
    if (isLost && openedMs < this.#scenario.calmMs + RECOVERY_MS) return
    if (isCalm && fate !== 'done' && fate !== 'left' && !(fate === 'not_done' && this.#isFull()))
      this.#break(`${told}, ${call.atMs - this.#scenario.calmMs} ms after the last fault`)
  }

  finish(defects: readonly string[]): void {
    for (const call of this.#open.keys()) this.#break(`${call} never ended`)
    for (const [call, runs] of this.#net.executions)
      if (runs > 1 && this.#isAct(call)) this.#break(`${call} ran ${runs} times`)
    for (const { key, inFlight, streams } of this.#everyEndpoint())
      if (inFlight + streams > 0) this.#break(`${key} keeps ${inFlight + streams} slots for nobody`)
    const waiting = this.#cluster?.slots.length ?? 0
    if (waiting > 0) this.#break(`${waiting} wait for a slot, and nobody calls`)
    for (const { key, health } of this.#cluster?.endpoints ?? [])
      if (health !== 'up') this.#break(`${key} is well and its health is ${health}`)
    this.#ejections?.finish()
    for (const defect of defects) this.#break(defect)
  }

  /** Too many calls at once are no fault of anybody: a refusal says so. */
  #isFull(): boolean {
    const { perEndpoint } = this.#scenario
    return [...(this.#cluster?.endpoints ?? [])].every(({ inFlight }) => inFlight >= perEndpoint)
  }

  #isAct(call: string): boolean {
    return this.#scenario.events.some(
      event => event.kind === 'call' && event.call.call === call && event.call.tool === 'act',
    )
  }

  /** Those that left and still carry something, too. */
  #everyEndpoint(): ReadonlySet<Endpoint> {
    return new Set([...(this.#cluster?.endpoints ?? []), ...this.#net.endpoints])
  }

  #break(what: string): void {
    this.breach ??= { atMs: this.#nowMs(), what }
  }
}
