// What comes of the choice of a replica, and in words why there is none.
import type { Era } from '#routes/route-table.ts'
import type { Endpoint } from './endpoint.ts'

export type Choice =
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint }
  | NoChoice
  /** Some could, but every one is at its limit. */
  | { readonly kind: 'full' }

/** Nothing can take it; `why` says what was found. */
export interface NoChoice {
  readonly kind: 'none'
  readonly why: 'no_replica' | 'other_era'
  readonly detail: string
}

export function noChoice(
  name: string,
  found: {
    readonly era: Era
    /** Replicas that were tried for this call. */
    readonly tried: number
    /** In service for this era, and for the other one. */
    readonly up: number
    readonly upInOther: number
    readonly total: number
  },
): NoChoice {
  const { era, tried, up, upInOther, total } = found
  const none = (detail: string): NoChoice => ({
    kind: 'none',
    why: 'no_replica',
    detail: `${name}: ${detail}`,
  })
  if (tried > 0) return none(`none of ${tried} tried could be reached`)
  if (up > 0) return none(`0 of ${total} replicas in service, ${up} ejected`)
  if (upInOther > 0) {
    const other: Era = era === 'modern' ? 'legacy' : 'modern'
    return { kind: 'none', why: 'other_era', detail: `${name}: replicas speak only ${other}` }
  }
  return total === 0 ? none('no replica is registered') : none(`0 of ${total} replicas in service`)
}
