// Reads a replica's tools, page by page: what they are called, what must be known of them, and a digest of it all.
// What could not be read is not gone: tools known before stand until a list
// has been read to its end.
import { type KnownList, MOST_MISSES } from '#router/clusters/endpoint.ts'
import { isRecord } from '#router/eras/message.ts'
import { digestOf, factsOf, listDigest } from '#router/eras/tool-facts.ts'
import type { ToolFacts } from '#router/facts.ts'
import { outcomeOf, type RpcReply } from './rpc.ts'

/** A list that was cut between two pages, to be read on from there. */
export interface Rest {
  readonly cursor: string
  readonly tools: Tools
  readonly digests: ReadonlyMap<string, string>
  readonly pages: number
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

/** Pages of a tool list that are read. */
const PAGES = 50
/** Tools that outlive a list which breaks off; a replica that always breaks off must not grow them for ever. */
const KEPT_TOOLS = 10_000
/** What a server says when the list is there but its making failed, whatever the status. */
const INTERNAL_ERROR = -32_603

export async function readTools(
  askPage: (params: Record<string, unknown>) => Promise<RpcReply>,
  from?: Rest,
): Promise<ToolList> {
  const tools = new Map(from?.tools)
  const digests = new Map(from?.digests)
  let cursor = from?.cursor
  let problem = from?.problem
  for (let pages = from?.pages ?? 0; pages < PAGES; pages += 1) {
    const reply = await askPage(cursor === undefined ? {} : { cursor })
    const outcome = outcomeOf(reply)
    const page = outcome === 'answered' ? pageOf(reply) : undefined
    if (page === undefined) {
      const part = { tools, problem: saidBy(reply) }
      if (outcome === 'guarded') return { end: 'untold', ...part }
      // No to the first page is no list; no to a later one is a list that changed while it was read.
      if (outcome === 'answered')
        return { end: cursor === undefined && !isFault(reply) ? 'none' : 'cut', ...part }
      // Where it got no further the next begins anew: the cursor may be what it stumbles over.
      if (cursor === undefined || pages === (from?.pages ?? 0)) return { end: 'cut', ...part }
      const odd = problem === undefined ? {} : { problem }
      return { end: 'cut', ...part, rest: { cursor, tools, digests, pages, ...odd } }
    }
    for (const { name, definition } of page.tools) {
      const digest = digestOf(definition)
      if (digest === undefined) problem ??= 'a definition in it is nested too deep'
      else if ((digests.get(name) ?? digest) !== digest)
        problem ??= 'it names a tool twice, under two definitions'
      else digests.set(name, digest)
      tools.set(name, factsOf(definition))
    }
    if (page.next === undefined || page.next === cursor)
      return problem === undefined
        ? { end: 'whole', tools, digest: listDigest(digests) }
        : { end: 'untold', tools, problem }
    cursor = page.next
  }
  return { end: 'untold', tools, problem: `it has more than ${PAGES} pages` }
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
): { readonly tools: readonly Named[]; readonly next: string | undefined } | undefined {
  const result = (reply.kind === 'message' ? reply.message['result'] : undefined) as
    | { tools?: unknown; nextCursor?: unknown }
    | null
    | undefined
  if (!Array.isArray(result?.tools)) return undefined
  const tools: Named[] = []
  for (const definition of result.tools as readonly unknown[]) {
    if (isRecord(definition) && typeof definition['name'] === 'string')
      tools.push({ name: definition['name'], definition })
  }
  return { tools, next: typeof result.nextCursor === 'string' ? result.nextCursor : undefined }
}
