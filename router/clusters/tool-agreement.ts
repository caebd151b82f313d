// Which replicas of a cluster offer the same tools. Two that differ must not share its calls: one that was checked against the
// definition of one would run on the other. The larger group serves; the rest is set apart, seen, and given nothing new.
import type { Endpoint } from './endpoint.ts'

export class ToolAgreement {
  /** Replicas in service by the digest of their lists. Bounded by the endpoints of the cluster. */
  readonly #groups = new Map<string, Set<Endpoint>>()
  readonly #digests = new Map<Endpoint, string>()
  #main: string | undefined

  /** The digest of those that serve; undefined while no list is known. */
  get main(): string | undefined {
    return this.#main
  }

  /** One of those that serve: what it lists, all of them list. */
  get representative(): Endpoint | undefined {
    return this.#groups
      .get(this.#main ?? '')
      ?.values()
      .next().value
  }

  /** Those whose lists are known. */
  get members(): Iterable<Endpoint> {
    return this.#digests.keys()
  }

  /** Whatever changed of it; not `isOurs`: its list is another matter now. True when another group serves from now on: every replica is to be looked at again. */
  update(endpoint: Endpoint, isOurs = true): boolean {
    const digest = isOurs && endpoint.isRoutable ? endpoint.learned?.toolsDigest : undefined
    if (digest === this.#digests.get(endpoint)) return false
    this.#leave(endpoint)
    if (digest !== undefined) {
      this.#digests.set(endpoint, digest)
      const group = this.#groups.get(digest) ?? new Set()
      this.#groups.set(digest, group.add(endpoint))
    }
    const before = this.#main
    this.#main = this.#largest()
    return this.#main !== before
  }

  /** No list, no evidence: a replica that does not tell is never set apart. */
  isApart(endpoint: Endpoint): boolean {
    const digest = endpoint.learned?.toolsDigest
    return digest !== undefined && this.#main !== undefined && digest !== this.#main
  }

  #leave(endpoint: Endpoint): void {
    const digest = this.#digests.get(endpoint)
    if (digest === undefined) return
    this.#digests.delete(endpoint)
    const group = this.#groups.get(digest)
    group?.delete(endpoint)
    if (group?.size === 0) this.#groups.delete(digest)
  }

  /** The one that serves stays until another is larger, so that a rollout moves the calls once. Of two newcomers the same wins everywhere. */
  #largest(): string | undefined {
    let best: string | undefined
    let most = 0
    for (const [digest, { size }] of this.#groups) {
      if (size < most || (size === most && best !== undefined && digest > best)) continue
      best = digest
      most = size
    }
    const { size } = this.#groups.get(this.#main ?? '') ?? { size: 0 }
    return size > 0 && size === most ? this.#main : best
  }
}
