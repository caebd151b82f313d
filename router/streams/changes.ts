// What tool servers tell of: lists that are others now, and resources. How it is asked for and how it is said, in both eras.

import type { Told } from '#router/capabilities.ts'
import { isRecord } from '#router/eras/message.ts'

/** How a change of a list is asked for in a filter, and said. */
export const LIST_CHANGES: Readonly<
  Record<Told, { readonly wanted: string; readonly method: string }>
> = {
  tools: { wanted: 'toolsListChanged', method: 'notifications/tools/list_changed' },
  prompts: { wanted: 'promptsListChanged', method: 'notifications/prompts/list_changed' },
  resources: { wanted: 'resourcesListChanged', method: 'notifications/resources/list_changed' },
}

/** As long as a URI may be that callers and replicas are held to elsewhere. */
export const LONGEST_URI = 8_192

const UPDATED = 'notifications/resources/updated'
export const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged'

const BY_METHOD: ReadonlyMap<string, Told> = new Map(
  Object.entries(LIST_CHANGES).map(([told, { method }]) => [method, told as Told]),
)

export type Change =
  | { readonly kind: 'list'; readonly of: Told }
  | { readonly kind: 'resource'; readonly uri: string }

/** Undefined for whatever tells of no change. */
export function changeIn(message: Readonly<Record<string, unknown>>): Change | undefined {
  const { method, params } = message
  if (typeof method !== 'string' || 'id' in message) return undefined
  const of = BY_METHOD.get(method)
  if (of !== undefined) return { kind: 'list', of }
  const uri = method === UPDATED && isRecord(params) ? params['uri'] : undefined
  const isName = typeof uri === 'string' && uri.length <= LONGEST_URI
  return isName ? { kind: 'resource', uri } : undefined
}

/** Of a notification, in bytes: it goes to every stream of its cluster. */
const LONGEST_TOLD = 4_096

/** As its server said it, unless that is long: it says no more in few words. */
export function wordsFor(change: Change, json: Buffer): Buffer {
  if (json.length <= LONGEST_TOLD) return json
  return change.kind === 'list' ? listChanged(change.of) : resourceUpdated(change.uri)
}

/** What is said where a change may have been missed. */
export const listChanged = (of: Told): Buffer =>
  Buffer.from(JSON.stringify({ jsonrpc: '2.0', method: LIST_CHANGES[of].method }))

export const resourceUpdated = (uri: string): Buffer =>
  Buffer.from(JSON.stringify({ jsonrpc: '2.0', method: UPDATED, params: { uri } }))

/** Between what is subscribed and a part of it (2026-07-28, resources): a path, a query, a fragment. */
const PART = /^[/?#]/

/** An update may be of a part of what was subscribed. */
export const isWithin = (uri: string, subscribed: string): boolean =>
  uri === subscribed ||
  (uri.startsWith(subscribed) &&
    (subscribed.endsWith('/') || PART.test(uri.slice(subscribed.length))))
