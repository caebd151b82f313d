// What comes of the choice of a replica, and in words why there is none.
import type { Endpoint } from './endpoint.ts'

export type Choice =
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint }
  | NoChoice
  /** Some could, but every one is at its limit. */
  | { readonly kind: 'full' }

/** Nothing can take it; `detail` says what was found. */
export interface NoChoice {
  readonly kind: 'none'
  readonly detail: string
}

export function noChoice(
  name: string,
  found: {
    /** Replicas that were tried for this call. */
    readonly tried: number
    /** In service for the era in which it was to be sent. */
    readonly up: number
    readonly total: number
  },
): NoChoice {
  const { tried, up, total } = found
  const none = (detail: string): NoChoice => ({ kind: 'none', detail: `${name}: ${detail}` })
  if (tried > 0) return none(`none of ${tried} tried could be reached`)
  if (up > 0) return none(`0 of ${total} replicas in service, ${up} ejected`)
  return total === 0 ? none('no replica is registered') : none(`0 of ${total} replicas in service`)
}
