// What must hold of ejected endpoints: never more of them than policy allows, no call for them but one probe at a time, or calls where so few
// others are left that it is panic. Reckoned here anew, from the endpoints alone.
import type { Cluster } from '#router/clusters/cluster.ts'
import type { Instance } from '#router/clusters/discovery/instance.ts'
import type { Endpoint } from '#router/clusters/endpoint.ts'
import type { Delivery } from './fake-net.ts'

export class EjectionWatch {
  readonly #cluster: Cluster
  readonly #break: (what: string) => void
  /** The call that tries each. Bounded by the endpoints of one run. */
  readonly #probes = new Map<Endpoint, string>()
  /** When it was last looked at: who was ejected, down or not, and how many were in service. Bounded by the endpoints. */
  readonly #ejected = new Set<Endpoint>()
  #inService = 0

  constructor(cluster: Cluster, breach: (what: string) => void) {
    this.#cluster = cluster
    this.#break = breach
  }

  sent({ call, endpoint }: Delivery, published: ReadonlyMap<string, Instance>): void {
    if (!endpoint.isEjected || this.#isPanic(published)) return
    // In the event that ejects it, the end of the failed call may have given its slot to one that waited, just before.
    if (!this.#ejected.has(endpoint)) return
    const probe = this.#probes.get(endpoint)
    const where = `${call} was sent to ${endpoint.key}, which is ejected`
    if (probe === undefined) this.#probes.set(endpoint, call)
    else this.#break(`${where} and tried by ${probe}`)
    const state = endpoint.breaker?.state
    if (state !== 'half_open') this.#break(`${where} and ${state}`)
  }

  over({ call, endpoint }: Delivery): void {
    if (this.#probes.get(endpoint) === call) this.#probes.delete(endpoint)
  }

  /** One event may take an endpoint out of service and eject another: of the numbers before and after it the larger counts. */
  look(): void {
    let [inService, out, isMore] = [0, 0, false]
    for (const endpoint of this.#cluster.endpoints) {
      const { isEjected, isRoutable } = endpoint
      if (isRoutable) inService += 1
      if (isEjected && isRoutable) out += 1
      if (isEjected === this.#ejected.has(endpoint)) continue
      isMore ||= isEjected
      if (isEjected) this.#ejected.add(endpoint)
      else this.#ejected.delete(endpoint)
    }
    const { maxEjected } = this.#cluster.policy.ejection
    const pool = Math.max(inService, this.#inService)
    const most = Math.max(pool >= 2 ? 1 : 0, Math.floor(maxEjected * pool))
    if (isMore && out > most)
      this.#break(`${out} of ${pool} endpoints are ejected, ${most} are the most`)
    this.#inService = inService
  }

  /** Well for so long, all are back. */
  finish(): void {
    for (const { key, isEjected } of this.#cluster.endpoints)
      if (isEjected) this.#break(`${key} is well and still ejected`)
  }

  #isPanic(published: ReadonlyMap<string, Instance>): boolean {
    let left = 0
    for (const endpoint of this.#cluster.endpoints)
      if (endpoint.isRoutable && !endpoint.isEjected) left += 1
    const ready = [...published.values()].filter(({ state }) => state === 'ready').length
    return 2 * left < ready
  }
}
