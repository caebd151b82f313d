// Feeds the router from a folder of policy documents. A table is published whole or not at all: an edit that does not
// compile leaves the table before it in force and says so until the documents are right again. At the start that is the last good one
// of an earlier run, where there is one.
import type { Clock } from '#foundation/clock.ts'
import { compileDocuments } from '#routes/compile/compile-documents.ts'
import type { Problem } from '#routes/compile/problems.ts'
import { fileProblem, type PolicyFile } from '#routes/compile/read-documents.ts'
import type { RouteTable } from '#routes/route-table.ts'
import { type Hint, watchFolder } from './folder-watch.ts'
import type { LastGoodDocuments } from './last-good-documents.ts'
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
  /** Since when, by the wall clock, the folder no longer holds what is in force; undefined while it does. */
  readonly staleSinceMs: () => number | undefined
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

export interface DirectoryFeedOptions extends TableListeners {
  readonly clock: Clock
  readonly lastGood: LastGoodDocuments
}

/**
 * Reads the folder; where it makes no table, the last good one is taken, and without one this rejects with `PolicyProblems`. From
 * then on watches the folder.
 */
export async function openDirectoryFeed(options: DirectoryFeedOptions): Promise<DirectoryFeed> {
  const { directory, clock, lastGood } = options
  const first = await load(directory)
  const begun = await startingWith(first, options)
  const inForce = new TableInForce(begun, options)
  /** When the folder last held what is in force. */
  let goodMs = begun.asOfMs
  let seen = first.signature
  let isClosed = false
  let files: readonly PolicyFile[] = []

  const confirm = (): void => {
    goodMs = clock.wallMs()
    lastGood.save({ files, asOfMs: goodMs })
  }
  const take = async (loaded: Loaded): Promise<void> => {
    seen = loaded.signature
    if ('problems' in loaded) return inForce.refuse(loaded.problems)
    await inForce.accept(loaded)
    if (inForce.problem !== undefined) return
    files = loaded.files
    confirm()
  }
  const reload = async (hint: Hint) => {
    if (hint === 'poll' && (await listPolicyFolder(directory)).signature === seen) {
      if (inForce.problem === undefined) confirm()
      return
    }
    const loaded = await load(directory)
    const after = await listPolicyFolder(directory)
    // Written to while it was read: half a file may compile. The next event or poll reads it again.
    if (isClosed || after.signature !== loaded.signature) return
    await take(loaded)
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
  await take(first)
  const watching = watchFolder(directory, turns.ask)
  return {
    get table() {
      return inForce.table
    },
    problem: () => inForce.problem,
    staleSinceMs: () => (inForce.problem === undefined ? undefined : goodMs),
    async close() {
      isClosed = true
      watching.close()
      await turns.idle()
      await lastGood.close()
    },
  }
}

type Loaded = (LoadedTable | { readonly problems: readonly Problem[] }) & {
  readonly files: readonly PolicyFile[]
  readonly signature: string
}

async function load(directory: string): Promise<Loaded> {
  const { files, problems, signature } = await readPolicyFolder(directory)
  // A folder that cannot be read at all has said so; an empty one would only be told the same again.
  if (files.length === 0) return { files, problems, signature }
  return { ...compiled({ files, problems }, directory), files, signature }
}

function compiled(
  { files, problems }: { files: readonly PolicyFile[]; problems: readonly Problem[] },
  directory: string,
): LoadedTable | { readonly problems: readonly Problem[] } {
  const outcome = compileDocuments(files, { isWhole: problems.length === 0 })
  if ('problems' in outcome) return { problems: [...problems, ...outcome.problems] }
  if (problems.length > 0) return { problems: [...problems, ...outcome.warnings] }
  return {
    table: replaceRegistryPaths(outcome.table, directory),
    warnings: outcome.warnings,
  }
}

/** What the folder holds, or else what it last held that made a table. */
async function startingWith(
  first: Loaded,
  { directory, clock, lastGood, log }: DirectoryFeedOptions,
): Promise<LoadedTable & { readonly asOfMs: number }> {
  if (!('problems' in first)) return { ...first, asOfMs: clock.wallMs() }
  const saved = await lastGood.read()
  if (saved === undefined) throw new PolicyProblems(first.problems)
  const again = compiled({ files: saved.files, problems: [] }, directory)
  if ('problems' in again) throw new PolicyProblems(first.problems)
  const asOf = new Date(saved.asOfMs).toISOString()
  log?.warn(
    { directory, asOf },
    `the policy documents make no table; starting with those of ${asOf}`,
  )
  return { ...again, asOfMs: saved.asOfMs }
}
