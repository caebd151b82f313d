// The endpoints of a cluster, brought in line with what discovery says. A large change is made in slices with turns of the
// event loop between them, so a set of ten thousand never holds up a call. A slice is measured, not counted.
import type { Clock } from '#foundation/clock.ts'
import type { Instance } from './discovery/instance.ts'
import { Endpoint, type Reach } from './endpoint.ts'

/** Of work in one turn. */
const SLICE_MS = 2

export interface MembershipPorts {
  readonly clock: Pick<Clock, 'nowMs'>
  readonly onAdded: (endpoint: Endpoint) => void
  readonly onChanged: (endpoint: Endpoint) => void
  readonly onRemoved: (endpoint: Endpoint) => void
  /** The newest set stands, whole. */
  readonly onComplete: () => void
}

export class Membership {
  readonly #reach: Reach
  readonly #ports: MembershipPorts
  readonly #endpoints = new Map<string, Endpoint>() // bounded by what discovery publishes
  #work: Iterator<void> | undefined
  #turn: NodeJS.Immediate | undefined

  constructor(reach: Reach, ports: MembershipPorts) {
    this.#reach = reach
    this.#ports = ports
  }

  /** A newer set replaces one that is not complete yet. */
  apply(instances: readonly Instance[]): void {
    this.#stop()
    this.#work = this.#change(instances)
    this.#advance()
  }

  get(key: string): Endpoint | undefined {
    return this.#endpoints.get(key)
  }

  get size(): number {
    return this.#endpoints.size
  }

  values(): Iterable<Endpoint> {
    return this.#endpoints.values()
  }

  /** False while a large change is under way. */
  get isComplete(): boolean {
    return this.#work === undefined
  }

  close(): void {
    this.#stop()
    for (const endpoint of this.#endpoints.values()) this.#remove(endpoint)
  }

  /** What is known changes first, then some go, and the new ones come last. */
  *#change(instances: readonly Instance[]): Iterator<void> {
    const added: Instance[] = []
    const present = new Set<string>() // bounded by what discovery publishes
    for (const instance of instances) {
      present.add(instance.key)
      const known = this.#endpoints.get(instance.key)
      if (known === undefined || !isSameAddress(known.instance, instance)) added.push(instance)
      else if (known.instance !== instance) {
        known.instance = instance
        this.#ports.onChanged(known)
      }
      yield
    }
    for (const endpoint of this.#endpoints.values()) {
      if (!present.has(endpoint.key)) this.#remove(endpoint)
      yield
    }
    for (const instance of added) {
      const replaced = this.#endpoints.get(instance.key)
      if (replaced !== undefined) this.#remove(replaced)
      const endpoint = new Endpoint(instance, this.#reach)
      this.#endpoints.set(instance.key, endpoint)
      this.#ports.onAdded(endpoint)
      yield
    }
  }

  #advance(): void {
    const { clock, onComplete } = this.#ports
    const untilMs = clock.nowMs() + SLICE_MS
    do {
      if (this.#work?.next().done !== true) continue
      this.#work = undefined
      onComplete()
      return
    } while (clock.nowMs() < untilMs)
    this.#turn = setImmediate(() => this.#advance())
  }

  #remove(endpoint: Endpoint): void {
    this.#endpoints.delete(endpoint.key)
    endpoint.isRemoved = true
    this.#ports.onRemoved(endpoint)
  }

  #stop(): void {
    clearImmediate(this.#turn)
    this.#work = undefined
  }
}

const isSameAddress = (one: Instance, other: Instance): boolean =>
  one === other ||
  (one.host === other.host &&
    one.port === other.port &&
    one.path === other.path &&
    one.tls === other.tls)
