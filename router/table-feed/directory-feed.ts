// Feeds the router from a folder of policy documents. A table is published whole or not at all: an edit that does not
// compile leaves the table before it in force and says so until the documents are right again.
import { compileDocuments } from '#routes/compile/compile-documents.ts'
import type { Problem } from '#routes/compile/problems.ts'
import { fileProblem } from '#routes/compile/read-documents.ts'
import type { RouteTable } from '#routes/route-table.ts'
import { type Hint, watchFolder } from './folder-watch.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { listPolicyFolder, readPolicyFolder } from './read-policy-folder.ts'
import { replaceRegistryPaths } from './registry-paths.ts'
import {
  type LoadedTable,
  problemLines,
  TableInForce,
  type TableListeners,
} from './table-in-force.ts'

export interface DirectoryFeed {
  /** The table in force. */
  readonly table: RouteTable
  /** Why the documents on disk are not what is in force; undefined while they are. */
  readonly problem: () => string | undefined
  /** Resolves when nothing will be published any more. */
  readonly close: () => Promise<void>
}

/** The documents make no table. The message is for people and names every problem. */
export class PolicyProblems extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(`The policy documents cannot be used:\n${problemLines(problems)}`)
    this.name = 'PolicyProblems'
    this.problems = problems
  }
}

/** Reads the folder and rejects with `PolicyProblems` when it makes no table; from then on watches it. */
export async function openDirectoryFeed(options: TableListeners): Promise<DirectoryFeed> {
  const { directory } = options
  const first = await load(directory)
  if ('problems' in first) throw new PolicyProblems(first.problems)
  const inForce = new TableInForce(first, options)
  let seen = first.signature
  let isClosed = false

  const reload = async (hint: Hint) => {
    if (hint === 'poll' && (await listPolicyFolder(directory)).signature === seen) return
    const loaded = await load(directory)
    const after = await listPolicyFolder(directory)
    // Written to while it was read: half a file may compile. The next event or poll reads it again.
    if (isClosed || after.signature !== loaded.signature) return
    seen = loaded.signature
    if ('problems' in loaded) inForce.refuse(loaded.problems)
    else await inForce.accept(loaded)
  }
  const reloadSafely = async (hint: Hint) => {
    try {
      await reload(hint)
    } catch (error) {
      if (isClosed) return
      // A defect of the compiler must not take down a router that has a good table.
      inForce.refuse([fileProblem(directory, `cannot be compiled: ${(error as Error).message}`)])
    }
  }
  const turns = oneAtATime(reloadSafely, (waiting, asked) =>
    waiting === 'event' ? waiting : asked,
  )
  const watching = watchFolder(directory, turns.ask)
  return {
    get table() {
      return inForce.table
    },
    problem: () => inForce.problem,
    async close() {
      isClosed = true
      watching.close()
      await turns.idle()
    },
  }
}

type Loaded = (LoadedTable | { readonly problems: readonly Problem[] }) & {
  readonly signature: string
}

async function load(directory: string): Promise<Loaded> {
  const { files, problems, signature } = await readPolicyFolder(directory)
  // A folder that cannot be read at all has said so; an empty one would only be told the same again.
  if (files.length === 0) return { problems, signature }
  const compiled = compileDocuments(files, { isWhole: problems.length === 0 })
  if ('problems' in compiled) return { problems: [...problems, ...compiled.problems], signature }
  if (problems.length > 0) return { problems: [...problems, ...compiled.warnings], signature }
  const table = replaceRegistryPaths(compiled.table, directory)
  return { table, warnings: compiled.warnings, signature }
}
