// Reads the names of a replica's tools, page by page. What could not be read is not gone: names known before stand until a list
// has been read to its end.
import { outcomeOf, type RpcReply } from './rpc.ts'

/** A list that was cut between two pages, to be read on from there. */
export interface Rest {
  readonly cursor: string
  readonly names: ReadonlySet<string>
  readonly pages: number
}

export interface ToolNames {
  readonly names: ReadonlySet<string>
  /** `unsaid`: the replica would not tell; `cut`: it could not be asked, or broke off, and is asked again soon. */
  readonly end: 'whole' | 'unsaid' | 'cut'
  readonly rest?: Rest
}

/** Pages of a tool list that are read to learn names. */
const PAGES = 50
/** Names that outlive a list which breaks off; a replica that always breaks off must not grow them for ever. */
const KEPT_NAMES = 10_000

/** What a server says when the list is there but its making failed, whatever the status. */
const INTERNAL_ERROR = -32_603

export async function readToolNames(
  askPage: (params: Record<string, unknown>) => Promise<RpcReply>,
  from?: Rest,
): Promise<ToolNames> {
  const names = new Set(from?.names)
  let cursor = from?.cursor
  for (let pages = from?.pages ?? 0; pages < PAGES; pages += 1) {
    const reply = await askPage(cursor === undefined ? {} : { cursor })
    const outcome = outcomeOf(reply)
    if (outcome === 'guarded') return { names, end: 'unsaid' }
    if (outcome === 'unasked')
      return {
        names,
        end: 'cut',
        ...(cursor === undefined ? {} : { rest: { cursor, names, pages } }),
      }
    const page = pageOf(reply)
    // No to the first page is no list; no to a later one is a list that changed while it was read.
    if (page === undefined)
      return { names, end: cursor === undefined && !isFault(reply) ? 'whole' : 'cut' }
    for (const name of page.names) names.add(name)
    if (page.next === undefined || page.next === cursor) break
    cursor = page.next
  }
  return { names, end: 'whole' }
}

/** With the names known before, where the list was not read to its end. */
export function namesOf(
  list: ToolNames | undefined,
  known: ReadonlySet<string> = new Set(),
): ReadonlySet<string> {
  if (list === undefined) return known
  if (list.end === 'whole' || list.names.size + known.size > KEPT_NAMES) return list.names
  return list.names.union(known)
}

function isFault(reply: RpcReply): boolean {
  if (reply.kind !== 'message') return false
  const error = reply.message['error'] as { code?: unknown } | null | undefined
  return error?.code === INTERNAL_ERROR
}

function pageOf(
  reply: RpcReply,
): { readonly names: readonly string[]; readonly next: string | undefined } | undefined {
  const result = (reply.kind === 'message' ? reply.message['result'] : undefined) as
    | { tools?: unknown; nextCursor?: unknown }
    | null
    | undefined
  if (!Array.isArray(result?.tools)) return undefined
  const names: string[] = []
  for (const tool of result.tools as ReadonlyArray<{ name?: unknown } | null>) {
    if (typeof tool?.name === 'string') names.push(tool.name)
  }
  return { names, next: typeof result.nextCursor === 'string' ? result.nextCursor : undefined }
}
