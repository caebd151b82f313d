// The table that the router runs on, and what is wrong with the documents beside it. A table that cannot be applied changes
// nothing: the one before it stays, and the reason is told.
import { formatProblem, type Problem } from '#routes/compile/problems.ts'
import { fileProblem } from '#routes/compile/read-documents.ts'
import type { RouteTable } from '#routes/route-table.ts'

/** The part of a pino logger that the feed uses. */
export interface FeedLog {
  readonly info: (fields: object, says: string) => void
  readonly warn: (fields: object, says: string) => void
}

export interface TableListeners {
  readonly directory: string
  readonly log?: FeedLog
  /** Each changed table after the first. It is in force once this has resolved; if it fails, the one before it stays. */
  readonly onTable: (table: RouteTable) => Promise<void> | void
  /** What is wrong with the documents now, each time it changes; undefined once they are right again. */
  readonly onProblem?: (problems: readonly Problem[] | undefined) => void
}

export interface LoadedTable {
  readonly table: RouteTable
  readonly warnings: readonly Problem[]
}

/** Enough for a status line; the log and the listeners get all of them. */
const MOST_SHOWN = 10

export class TableInForce {
  readonly #listeners: TableListeners
  #table: RouteTable
  #warnings = ''
  #problems: readonly Problem[] = []

  constructor(first: LoadedTable, listeners: TableListeners) {
    this.#listeners = listeners
    this.#table = first.table
    this.#warn(first.warnings)
  }

  get table(): RouteTable {
    return this.#table
  }

  get problem(): string | undefined {
    const more = this.#problems.length - MOST_SHOWN
    const text = problemLines(this.#problems.slice(0, MOST_SHOWN))
    if (more > 0) return `${text}\n… and ${more} more`
    return text === '' ? undefined : text
  }

  /** The caller waits for one before it brings the next. */
  async accept({ table, warnings }: LoadedTable): Promise<void> {
    const { directory, log, onTable } = this.#listeners
    if (table.version !== this.#table.version) {
      try {
        await onTable(table)
      } catch (error) {
        const says = `the table cannot be applied: ${(error as Error).message}`
        this.#report([fileProblem(directory, says)], { err: error }) // a defect, so with its stack
        return
      }
      this.#table = table
      log?.info({ directory, table: table.version }, 'a new table is in force')
    }
    this.#report([])
    this.#warn(warnings)
  }

  /** The documents make no table; the one before stays in force. */
  refuse(problems: readonly Problem[]): void {
    this.#report(problems)
  }

  #report(problems: readonly Problem[], more: object = {}): void {
    const { directory, log, onProblem } = this.#listeners
    const text = problemLines(problems)
    if (text === problemLines(this.#problems)) return
    this.#problems = problems
    const fields = { directory, table: this.#table.version, ...more }
    if (text === '') log?.info(fields, 'the policy documents are right again')
    else
      log?.warn(
        fields,
        `the policy documents cannot be used; the table before them stays in force:\n${text}`,
      )
    onProblem?.(text === '' ? undefined : problems)
  }

  #warn(warnings: readonly Problem[]): void {
    const text = problemLines(warnings)
    if (text === this.#warnings) return
    this.#warnings = text
    const { directory, log } = this.#listeners
    if (text !== '') log?.warn({ directory, table: this.#table.version }, text)
  }
}

/** One line for each problem. */
export function problemLines(problems: readonly Problem[]): string {
  return problems.map(problem => formatProblem(problem)).join('\n')
}
