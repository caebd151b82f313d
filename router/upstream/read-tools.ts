// Reads a replica's tools, page by page: what they are called, what must be known of them, and a digest of it all.
// What could not be read is not gone: tools known before stand until a list
// has been read to its end.
import { type KnownList, MOST_MISSES } from '#router/clusters/endpoint.ts'
import { isRecord } from '#router/eras/message.ts'
import { listDigest } from '#router/eras/tool-facts.ts'
import type { ToolFacts } from '#router/tool-facts.ts'
import type { KnownDefinitions } from './known-definitions.ts'
import { outcomeOf, type RpcReply } from './rpc.ts'

/** A list that was cut between two pages, to be read on from there. */
export interface Rest {
  readonly cursor: string
  readonly tools: Tools
  readonly digests: ReadonlyMap<string, string>
  readonly pages: number
  readonly bytes: number
  readonly problem?: string
}

/** By own name; `broken`: a definition that a client must leave out. */
export type Tools = ReadonlyMap<string, ToolFacts | 'broken'>

export type ToolList =
  /** Two replicas with the same digest offer the same tools under the same definitions. */
  | { readonly end: 'whole'; readonly tools: Tools; readonly digest: string }
  /**
   * `none`: it says that it has no list. `untold`: it keeps its list from strangers, or lists what cannot be compared. `cut`: it could
   * not be asked, or broke off, and is asked again soon; with a rest where it got further than before.
   */
  | {
      readonly end: 'none' | 'untold' | 'cut'
      readonly tools: Tools
      readonly digest?: never
      /** Why there is no digest, in words that follow "its list of tools is not known:". */
      readonly problem: string
      readonly rest?: Rest
    }

/** Tools of one replica: as many as a page may have, since most lists have one. */
const MOST_TOOLS = 2_000
/** Pages of a tool list that are read, and their bytes. */
const PAGES = 50
const LIST_BYTES = 8_388_608
/** Tools that outlive a list which breaks off; a replica that always breaks off must not grow them for ever. */
const KEPT_TOOLS = 2 * MOST_TOOLS
/** What a server says when the list is there but its making failed, whatever the status. */
const INTERNAL_ERROR = -32_603

export interface ListReading {
  readonly askPage: (params: Record<string, unknown>) => Promise<RpcReply>
  /** Awaited between two tools, so that a long list lets the loop turn. */
  readonly breathe: () => Promise<void>
  readonly definitions: KnownDefinitions
}

export async function readTools(
  { askPage, breathe, definitions }: ListReading,
  from?: Rest,
): Promise<ToolList> {
  const read = new Reading(definitions, from)
  let cursor = from?.cursor
  for (let pages = from?.pages ?? 0; pages < PAGES; pages += 1) {
    const reply = await askPage(cursor === undefined ? {} : { cursor })
    const outcome = outcomeOf(reply)
    const page = outcome === 'answered' ? pageOf(reply) : undefined
    if (page === undefined) {
      const part = { tools: read.tools, problem: saidBy(reply) }
      if (outcome === 'guarded' || isTooLarge(reply)) return { end: 'untold', ...part }
      // No to the first page is no list; no to a later one is a list that changed while it was read.
      if (outcome === 'answered')
        return { end: cursor === undefined && !isFault(reply) ? 'none' : 'cut', ...part }
      // Where it got no further the next begins anew: the cursor may be what it stumbles over.
      if (cursor === undefined || pages === (from?.pages ?? 0)) return { end: 'cut', ...part }
      return { end: 'cut', ...part, rest: { ...read.rest(), cursor, pages } }
    }
    read.bytes += page.bytes
    for (const tool of page.tools) {
      await breathe()
      read.add(tool)
      if (read.isTooLarge) return read.untold
    }
    if (read.isTooLarge) return read.untold
    if (page.next === undefined || page.next === cursor) return read.whole()
    cursor = page.next
  }
  return { ...read.untold, problem: `it has more than ${PAGES} pages` }
}

/** What has been read of a list so far. */
class Reading {
  readonly tools: Map<string, ToolFacts | 'broken'>
  readonly #digests: Map<string, string>
  readonly #definitions: KnownDefinitions
  bytes: number
  #problem: string | undefined

  constructor(definitions: KnownDefinitions, from: Rest | undefined) {
    this.#definitions = definitions
    this.tools = new Map(from?.tools)
    this.#digests = new Map(from?.digests)
    this.bytes = from?.bytes ?? 0
    this.#problem = from?.problem
  }

  add({ name, definition }: Named): void {
    const { digest, facts, problem } = this.#definitions.read(definition)
    if (digest === undefined) this.#problem ??= problem
    else if ((this.#digests.get(name) ?? digest) !== digest)
      this.#problem ??= 'it names a tool twice, under two definitions'
    else this.#digests.set(name, digest)
    this.tools.set(name, facts)
  }

  get isTooLarge(): boolean {
    if (this.tools.size > MOST_TOOLS) this.#problem = `it has more than ${MOST_TOOLS} tools`
    else if (this.bytes > LIST_BYTES) this.#problem = `it is larger than ${LIST_BYTES} bytes`
    else return false
    return true
  }

  rest(): Omit<Rest, 'cursor' | 'pages'> {
    const { tools, bytes } = this
    const odd = this.#problem === undefined ? {} : { problem: this.#problem }
    return { tools, digests: this.#digests, bytes, ...odd }
  }

  get untold(): Extract<ToolList, { problem: string }> {
    return { end: 'untold', tools: this.tools, problem: this.#problem ?? '' }
  }

  whole(): ToolList {
    return this.#problem === undefined
      ? { end: 'whole', tools: this.tools, digest: listDigest(this.#digests) }
      : this.untold
  }
}

const saidBy = (reply: RpcReply): string =>
  reply.kind === 'message'
    ? `tools/list answered ${reply.status} with an error`
    : `tools/list: ${reply.detail}`

/** With the tools known before, where the list was not read to its end. */
export function toolsOf(list: ToolList, known: Tools = new Map()): Tools {
  const isAll = list.end === 'whole' || list.end === 'none'
  if (isAll || list.tools.size + known.size > KEPT_TOOLS) return list.tools
  return new Map([...known, ...list.tools])
}

/** What is known of a list once it was asked for again: one that could not be read is no evidence against the one before, for a while. */
export function knownOf(list: ToolList, before: KnownList | undefined): KnownList {
  if (list.end === 'whole') return { digest: list.digest }
  const { problem } = list
  if (list.end === 'none' || before?.digest === undefined) return { problem }
  if (list.rest !== undefined) return before // it is being read
  const misses = Math.min(MOST_MISSES, (before.misses ?? 0) + 1)
  return { digest: before.digest, misses, problem }
}

const isTooLarge = (reply: RpcReply): boolean => reply.kind === 'http' && reply.isTooLarge === true

function isFault(reply: RpcReply): boolean {
  if (reply.kind !== 'message') return false
  const error = reply.message['error'] as { code?: unknown } | null | undefined
  return error?.code === INTERNAL_ERROR
}

interface Named {
  readonly name: string
  readonly definition: Readonly<Record<string, unknown>>
}

function pageOf(
  reply: RpcReply,
):
  | { readonly tools: readonly Named[]; readonly next: string | undefined; readonly bytes: number }
  | undefined {
  if (reply.kind !== 'message') return undefined
  const result = reply.message['result'] as
    | { tools?: unknown; nextCursor?: unknown }
    | null
    | undefined
  if (!Array.isArray(result?.tools)) return undefined
  const tools: Named[] = []
  for (const definition of result.tools as readonly unknown[]) {
    if (isRecord(definition) && typeof definition['name'] === 'string')
      tools.push({ name: definition['name'], definition })
  }
  const next = typeof result.nextCursor === 'string' ? result.nextCursor : undefined
  return { tools, next, bytes: reply.bytes.length }
}
