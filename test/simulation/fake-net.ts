// Replicas and the wires to them, in virtual time: what the router's client would be told, without a socket. Counts what ran.
import type { Random } from '#foundation/clock.ts'
import type { Endpoint, Learned } from '#router/clusters/endpoint.ts'
import type { CheckResult } from '#router/clusters/health/checker.ts'
import type { ResponseHandler } from '#router/upstream/http1/connection.ts'
import type { RequestWay } from '#router/upstream/http1/replica-connections.ts'
import type { Request } from '#router/upstream/http1/request.ts'
import type { Connections } from '#router/upstream/pools.ts'
import { Turns } from '#router/upstream/turns.ts'
import { type Condition, FORGOTTEN, type Plan, planFor, wordFor } from './conditions.ts'
import type { VirtualTime } from './virtual-time.ts'
import { Wire } from './wire.ts'

export interface SimReplica {
  readonly port: number
  readonly serviceMs: number
  condition: Condition
  /** Legacy ones that it holds; they go with its process. Bounded by the calls of one run. */
  readonly sessions: Set<string>
}

/** One call on its way to a replica. */
export interface Delivery {
  readonly call: string
  readonly tool: string
  readonly endpoint: Endpoint
}

export interface NetPorts {
  readonly time: VirtualTime
  readonly random: Random
  readonly onDispatch: (delivery: Delivery) => void
  /** A legacy session is asked for there. */
  readonly onOpening: (endpoint: Endpoint) => void
  readonly onOver: (delivery: Delivery) => void
  readonly trace: (words: string) => void
}

const WIRE_MS = 0.3
const CHECK_MS = 1
/** How often a kept connection takes a request before it breaks, where the process is gone. */
const KEPT = 0.3
const LEARNED: Learned = {
  eras: ['modern', 'legacy'],
  isSessionful: true,
  legacyVersion: '2025-11-25',
  tools: new Map([
    ['echo', { mirrors: [], isRepeatable: true }],
    ['act', { mirrors: [] }],
  ]),
  lists: { modern: { digest: 'same' }, legacy: { digest: 'same' } },
}

export class FakeNet implements Connections {
  readonly turns = new Turns()
  readonly #ports: NetPorts
  readonly #replicas: ReadonlyMap<number, SimReplica>
  /** Under way at each endpoint. Bounded by the endpoints of one run. */
  readonly #open = new Map<Endpoint, Set<Wire>>()
  /** Handshakes under way, which hold a slot as well until somebody leaves. */
  readonly #opening = new Map<Endpoint, Set<Wire>>()
  #sessions = 0
  /** How often each call ran. Bounded by the calls of one run. */
  readonly executions = new Map<string, number>()

  constructor(replicas: readonly SimReplica[], ports: NetPorts) {
    this.#ports = ports
    this.#replicas = new Map(replicas.map(replica => [replica.port, replica]))
  }

  of(endpoint: Endpoint): RequestWay {
    return { dispatch: (request, handler) => this.#dispatch(endpoint, request, handler) }
  }

  release(): void {
    // nothing is kept for an endpoint that left
  }

  /** Every endpoint that was ever sent to. */
  get endpoints(): Iterable<Endpoint> {
    return this.#open.keys()
  }

  /** Exchanges that are not over there, and those of them that the replica has been sent. */
  openAt(endpoint: Endpoint): { readonly all: number; readonly sent: number } {
    let sent = 0
    const wires = this.#open.get(endpoint)
    for (const wire of wires ?? []) if (wire.isRunning) sent += 1
    return { all: (wires?.size ?? 0) + (this.#opening.get(endpoint)?.size ?? 0), sent }
  }

  /** As a check finds it, in the time that it takes. */
  check(endpoint: Endpoint, timeoutMs: number): Promise<CheckResult> {
    const { condition } = this.#at(endpoint)
    return new Promise(resolve => {
      const say = (ms: number, result: CheckResult): void =>
        void this.#ports.time.after(ms, () => resolve(result))
      if (condition === 'dead') say(WIRE_MS, { ok: false, reason: 'ECONNREFUSED', isRefused: true })
      else if (condition === 'hung')
        say(timeoutMs, { ok: false, reason: 'no answer in time', isRefused: false })
      else say(CHECK_MS, { ok: true, learned: LEARNED })
    })
  }

  /** From now on; a process that is gone takes with it all that it carried. */
  become(replica: SimReplica, condition: Condition): void {
    replica.condition = condition
    if (condition !== 'dead') return
    replica.sessions.clear()
    for (const open of [this.#open, this.#opening])
      for (const [endpoint, wires] of open)
        if (endpoint.instance.port === replica.port)
          for (const wire of wires) wire.fail('ECONNRESET')
  }

  #at(endpoint: Endpoint): SimReplica {
    const replica = this.#replicas.get(endpoint.instance.port)
    if (replica === undefined) throw new Error(`no replica at ${endpoint.key}`)
    return replica
  }

  #dispatch(
    endpoint: Endpoint,
    { body, fieldLines, firstByteMs }: Request,
    handler: ResponseHandler,
  ): void {
    const { time, trace, onDispatch, onOpening, onOver } = this.#ports
    const asked = body === undefined ? {} : (JSON.parse(body.toString()) as Asked)
    const { name, arguments: args } = asked.params ?? {}
    const session = sessionIn(fieldLines)
    const delivery =
      args === undefined ? undefined : { call: args.call, tool: name ?? '', endpoint }
    trace(`${delivery?.call ?? asked.method ?? 'DELETE'} to ${endpoint.instance.port}`)
    const isOpening = asked.method === 'initialize' || asked.method === INITIALIZED
    if (delivery !== undefined) onDispatch(delivery)
    if (asked.method === 'initialize') onOpening(endpoint)
    const wires = wiresIn(delivery === undefined ? this.#opening : this.#open, endpoint)
    const wire = new Wire(handler, () => {
      wires.delete(wire)
      if (delivery !== undefined) onOver(delivery)
    })
    if (delivery !== undefined || isOpening) wires.add(wire)
    const at = this.#at(endpoint)
    time.after(WIRE_MS, () => this.#arrive(at, { ...asked, session, call: delivery?.call }, wire))
    time.after(WIRE_MS + firstByteMs, () => wire.late())
  }

  #arrive(replica: SimReplica, asked: Arrived, wire: Wire): void {
    const { random, time, trace } = this.#ports
    const { condition, port } = replica
    if (condition === 'dead') {
      if (random() < KEPT && wire.start()) wire.fail('ECONNRESET')
      else wire.fail('ECONNREFUSED')
      return
    }
    if (!wire.start()) return
    const { runs, ms, answer } = this.#planAt(replica, condition, asked)
    if (runs && asked.call !== undefined) {
      this.executions.set(asked.call, (this.executions.get(asked.call) ?? 0) + 1)
      trace(`${asked.call} runs at ${port}`)
    }
    if (answer !== undefined) time.after(ms, () => answer(wire))
  }

  #planAt(
    { sessions, serviceMs }: SimReplica,
    condition: Exclude<Condition, 'dead'>,
    { id, method, session, call }: Arrived,
  ): Plan {
    if (session !== undefined && !sessions.has(session)) return FORGOTTEN
    if (call !== undefined) return planFor(condition, { id, serviceMs }, this.#ports.random)
    if (session !== undefined && method === undefined) sessions.delete(session)
    return wordFor(condition, { id, method }, () => {
      this.#sessions += 1
      sessions.add(`s${this.#sessions}`)
      return `s${this.#sessions}`
    })
  }
}

const INITIALIZED = 'notifications/initialized'

interface Asked {
  readonly id?: unknown
  readonly method?: string
  readonly params?: { readonly name?: string; readonly arguments?: { readonly call: string } }
}

interface Arrived extends Asked {
  readonly session: string | undefined
  /** Absent where it is no call. */
  readonly call: string | undefined
}

/** In the lines of a head, as they go out. */
const sessionIn = (fieldLines: string): string | undefined =>
  /(?:^|\r\n)mcp-session-id: ([^\r]+)\r\n/.exec(fieldLines)?.[1]

function wiresIn(open: Map<Endpoint, Set<Wire>>, endpoint: Endpoint): Set<Wire> {
  const known = open.get(endpoint) ?? new Set<Wire>()
  open.set(endpoint, known)
  return known
}
