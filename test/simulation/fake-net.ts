// Replicas and the wires to them, in virtual time: what the router's client would be told, without a socket. Counts what ran.
import { Dispatcher } from 'undici'
import type { Random } from '#foundation/clock.ts'
import type { Endpoint, Learned } from '#router/clusters/endpoint.ts'
import type { CheckResult } from '#router/clusters/health/checker.ts'
import type { Connections } from '#router/upstream/pools.ts'
import { type Condition, planFor } from './conditions.ts'
import type { VirtualTime } from './virtual-time.ts'
import { Wire } from './wire.ts'

export interface SimReplica {
  readonly port: number
  readonly serviceMs: number
  condition: Condition
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
  readonly onOver: (delivery: Delivery) => void
  readonly trace: (words: string) => void
}

const WIRE_MS = 0.3
const CHECK_MS = 1
/** How often a kept connection takes a request before it breaks, where the process is gone. */
const KEPT = 0.3
const NOTHING_OPEN = { all: 0, sent: 0 } as const
const LEARNED: Learned = {
  eras: ['modern'],
  isSessionful: false,
  tools: new Map([
    ['echo', { mirrors: [], isRepeatable: true }],
    ['act', { mirrors: [] }],
  ]),
  lists: { modern: { digest: 'same' } },
}

export class FakeNet implements Connections {
  readonly #ports: NetPorts
  readonly #replicas: ReadonlyMap<number, SimReplica>
  /** Under way at each endpoint. Bounded by the endpoints of one run. */
  readonly #open = new Map<Endpoint, Set<Wire>>()
  /** How often each call ran. Bounded by the calls of one run. */
  readonly executions = new Map<string, number>()

  constructor(replicas: readonly SimReplica[], ports: NetPorts) {
    this.#ports = ports
    this.#replicas = new Map(replicas.map(replica => [replica.port, replica]))
  }

  of(endpoint: Endpoint): Dispatcher {
    return new OneWay((options, handler) => this.#dispatch(endpoint, options, handler))
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
    const wires = this.#open.get(endpoint)
    if (wires === undefined) return NOTHING_OPEN
    let sent = 0
    for (const wire of wires) if (wire.isRunning) sent += 1
    return { all: wires.size, sent }
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
    for (const [endpoint, wires] of this.#open)
      if (endpoint.instance.port === replica.port) for (const wire of wires) wire.fail('ECONNRESET')
  }

  #at(endpoint: Endpoint): SimReplica {
    const replica = this.#replicas.get(endpoint.instance.port)
    if (replica === undefined) throw new Error(`no replica at ${endpoint.key}`)
    return replica
  }

  #dispatch(
    endpoint: Endpoint,
    { body, headersTimeout }: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): void {
    if (!Buffer.isBuffer(body)) throw new Error('a call has a body')
    const { name, arguments: args } = (JSON.parse(body.toString()) as Asked).params
    const delivery = { call: args.call, tool: name, endpoint }
    this.#ports.trace(`${args.call} to ${endpoint.instance.port}`)
    this.#ports.onDispatch(delivery)
    const wires = this.#open.get(endpoint) ?? new Set<Wire>()
    this.#open.set(endpoint, wires)
    const wire = new Wire(handler, () => {
      wires.delete(wire)
      this.#ports.onOver(delivery)
    })
    wires.add(wire)
    this.#ports.time.after(WIRE_MS, () => this.#arrive(this.#at(endpoint), delivery, wire))
    this.#ports.time.after(WIRE_MS + (headersTimeout ?? 0), () => wire.late())
  }

  #arrive({ condition, port, serviceMs }: SimReplica, { call }: Delivery, wire: Wire): void {
    const { random, time, trace } = this.#ports
    if (condition === 'dead') {
      if (random() < KEPT && wire.start()) wire.fail('ECONNRESET')
      else wire.fail('ECONNREFUSED')
      return
    }
    if (!wire.start()) return
    const { runs, ms, answer } = planFor(condition, { call, serviceMs }, random)
    if (runs) {
      this.executions.set(call, (this.executions.get(call) ?? 0) + 1)
      trace(`${call} runs at ${port}`)
    }
    if (answer !== undefined) time.after(ms, () => answer(wire))
  }
}

interface Asked {
  readonly params: { readonly name: string; readonly arguments: { readonly call: string } }
}

type Take = (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => void

class OneWay extends Dispatcher {
  readonly #take: Take

  constructor(take: Take) {
    super()
    this.#take = take
  }

  override dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    this.#take(options, handler)
    return true
  }
}
