// The endpoints of a cluster, brought in line with what discovery says. A large change is made in slices with turns of the
// event loop between them, so a set of ten thousand never holds up a call. A slice is measured, not counted.
import type { Clock } from '#foundation/clock.ts'
import { createBreather } from './discovery/breather.ts'
import type { Instance } from './discovery/instance.ts'
import { Endpoint, type Reach } from './endpoint.ts'

/** Of work in one turn. */
const SLICE_MS = 1
/** A set of more is begun in a turn of its own: the one that brings it has spent some milliseconds on comparing it. */
const AT_ONCE = 1_000

export interface MembershipPorts {
  readonly clock: Pick<Clock, 'nowMs'>
  readonly onAdded: (endpoint: Endpoint) => void
  readonly onChanged: (endpoint: Endpoint) => void
  /** The replica that was known is registered under another key. */
  readonly onRenamed: (endpoint: Endpoint) => void
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
    if (instances.length > AT_ONCE) this.#later()
    else this.#advance()
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

  /** Takes out all of them, in slices too. */
  async close(): Promise<void> {
    this.#stop()
    const breathe = createBreather(this.#ports.clock)
    for (const endpoint of this.#endpoints.values()) {
      this.#remove(endpoint)
      await breathe()
    }
  }

  /** What is known changes first, then some take other keys, some go, and the new ones come last. */
  *#change(instances: readonly Instance[]): Iterator<void> {
    const added: Instance[] = []
    const present = new Set<string>() // bounded by what discovery publishes
    for (const instance of instances) {
      present.add(instance.key)
      const known = this.#endpoints.get(instance.key)
      if (known === undefined || !isSameAddress(known.instance, instance)) added.push(instance)
      else if (known.instance !== instance) {
        const isBack = known.instance.state !== 'ready' && instance.state === 'ready'
        known.instance = instance
        if (isBack) known.warmUp(this.#ports.clock.nowMs())
        this.#ports.onChanged(known)
      }
      yield
    }
    const gone = new Map<string, Endpoint>() // bounded by the endpoints
    for (const endpoint of this.#endpoints.values()) {
      if (!present.has(endpoint.key)) gone.set(addressOf(endpoint.instance), endpoint)
      yield
    }
    const fresh: Instance[] = []
    for (const instance of added) {
      const known = gone.size === 0 ? undefined : gone.get(addressOf(instance))
      if (known === undefined) fresh.push(instance)
      else {
        gone.delete(addressOf(instance))
        this.#rename(known, instance)
      }
      yield
    }
    for (const endpoint of this.#endpoints.values()) {
      if (!present.has(endpoint.key)) this.#remove(endpoint)
      yield
    }
    for (const instance of fresh) {
      this.#removeAt(instance.key)
      const endpoint = new Endpoint(instance, this.#reach)
      this.#endpoints.set(instance.key, endpoint)
      this.#ports.onAdded(endpoint)
      yield
    }
  }

  /** An identity is the source's to change; where it is reached is what calls and checks have found out about. */
  #rename(endpoint: Endpoint, instance: Instance): void {
    this.#removeAt(instance.key)
    this.#endpoints.delete(endpoint.key)
    endpoint.instance = instance
    this.#endpoints.set(instance.key, endpoint)
    this.#ports.onRenamed(endpoint)
  }

  /** Another replica under this key. */
  #removeAt(key: string): void {
    const replaced = this.#endpoints.get(key)
    if (replaced !== undefined) this.#remove(replaced)
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
    this.#later()
  }

  #later(): void {
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

const addressOf = ({ host, port, path, tls }: Instance): string =>
  JSON.stringify([host, port, path, tls])

const isSameAddress = (one: Instance, other: Instance): boolean =>
  one === other ||
  (one.host === other.host &&
    one.port === other.port &&
    one.path === other.path &&
    one.tls === other.tls)
