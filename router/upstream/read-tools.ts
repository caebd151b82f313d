// Reads a replica's tools, page by page: what they are called, what must be known of them, and a digest of it all.
// What could not be read is not gone: tools known before stand until a list
// has been read to its end.
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
}

/** By own name; `broken`: a definition that a client must leave out. */
export type Tools = ReadonlyMap<string, ToolFacts | 'broken'>

export interface ToolList {
  readonly tools: Tools
  /** Of a list that was read to its end: two replicas with the same offer the same tools under the same definitions. */
  readonly digest?: string
  /** `unsaid`: the replica would not tell; `cut`: it could not be asked, or broke off, and is asked again soon. */
  readonly end: 'whole' | 'unsaid' | 'cut'
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
  for (let pages = from?.pages ?? 0; pages < PAGES; pages += 1) {
    const reply = await askPage(cursor === undefined ? {} : { cursor })
    const outcome = outcomeOf(reply)
    if (outcome === 'guarded') return { tools, end: 'unsaid' }
    if (outcome === 'unasked')
      return {
        tools,
        end: 'cut',
        ...(cursor === undefined ? {} : { rest: { cursor, tools, digests, pages } }),
      }
    const page = pageOf(reply)
    // No to the first page is no list; no to a later one is a list that changed while it was read.
    if (page === undefined)
      return { tools, end: cursor === undefined && !isFault(reply) ? 'whole' : 'cut' }
    for (const { name, definition } of page.tools) {
      tools.set(name, factsOf(definition))
      digests.set(name, digestOf(definition))
    }
    if (page.next === undefined || page.next === cursor) break
    cursor = page.next
  }
  return { tools, end: 'whole', digest: listDigest(digests) }
}

/** With the tools known before, where the list was not read to its end. */
export function toolsOf(list: ToolList | undefined, known: Tools = new Map()): Tools {
  if (list === undefined) return known
  if (list.end === 'whole' || list.tools.size + known.size > KEPT_TOOLS) return list.tools
  return new Map([...known, ...list.tools])
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
