// The expenses themselves. Replicas given the same folder share one file, so that any of them can approve what
// another took in; SQLite's lock keeps them apart. Without a folder the book is this process's own and ends with it.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface Expense {
  readonly id: string
  readonly employee: string
  readonly amount: number
  readonly currency: string
  readonly purpose: string
  readonly status: 'submitted' | 'approved'
  readonly approver?: string
}

export interface ExpenseBook {
  readonly submit: (
    expense: Pick<Expense, 'employee' | 'amount' | 'currency' | 'purpose'>,
  ) => Expense
  readonly find: (id: string) => Expense | undefined
  /** The first approval stands; a second one changes nothing. */
  readonly approve: (id: string, approver: string) => void
  /** Newest first. */
  readonly list: (status: string | undefined, limit: number) => readonly Expense[]
  readonly count: (status: string | undefined) => number
  readonly totals: () => readonly { readonly currency: string; readonly amount: number }[]
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS expenses (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    employee TEXT NOT NULL,
    cents INTEGER NOT NULL,
    currency TEXT NOT NULL,
    purpose TEXT NOT NULL,
    approver TEXT
  ) STRICT`

/** The demo book keeps this many; older ones give way. */
const MAX_EXPENSES = 10_000

interface Row {
  readonly number: number
  readonly employee: string
  readonly cents: number
  readonly currency: string
  readonly purpose: string
  readonly approver: string | null
}

export function openExpenseBook(folder: string | undefined): ExpenseBook {
  if (folder !== undefined) mkdirSync(folder, { recursive: true })
  const database = new DatabaseSync(folder === undefined ? ':memory:' : join(folder, 'expenses.db'))
  // Waiting comes first: three replicas that start together all want to make the table.
  database.exec('PRAGMA busy_timeout = 3000')
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = NORMAL')
  database.exec(SCHEMA)

  const insert = database.prepare(
    'INSERT INTO expenses (employee, cents, currency, purpose) VALUES (?, ?, ?, ?) RETURNING *',
  )
  const trim = database.prepare('DELETE FROM expenses WHERE number <= ?')
  const byNumber = database.prepare('SELECT * FROM expenses WHERE number = ?')
  const approve = database.prepare(
    'UPDATE expenses SET approver = ? WHERE number = ? AND approver IS NULL',
  )
  const where = `WHERE ?1 IS NULL OR (?1 = 'approved') = (approver IS NOT NULL)`
  const newest = database.prepare(`SELECT * FROM expenses ${where} ORDER BY number DESC LIMIT ?2`)
  const total = database.prepare(`SELECT count(*) AS total FROM expenses ${where}`)
  const sums = database.prepare(
    'SELECT currency, sum(cents) AS cents FROM expenses GROUP BY currency ORDER BY currency',
  )

  return {
    submit: ({ employee, amount, currency, purpose }) => {
      const row = insert.get(
        employee,
        Math.round(amount * 100),
        currency,
        purpose,
      ) as unknown as Row
      trim.run(row.number - MAX_EXPENSES)
      return expenseOf(row)
    },
    find: id => {
      const row = byNumber.get(numberOf(id)) as unknown as Row | undefined
      return row === undefined ? undefined : expenseOf(row)
    },
    approve: (id, approver) => {
      approve.run(approver, numberOf(id))
    },
    list: (status, limit) =>
      (newest.all(status ?? null, limit) as unknown as readonly Row[]).map(expenseOf),
    count: status => (total.get(status ?? null) as { readonly total: number }).total,
    totals: () =>
      (sums.all() as unknown as readonly Pick<Row, 'currency' | 'cents'>[]).map(sum => ({
        currency: sum.currency,
        amount: sum.cents / 100,
      })),
  }
}

const numberOf = (id: string): number => Number(id.slice('exp-'.length))

function expenseOf(row: Row): Expense {
  return {
    id: `exp-${row.number}`,
    employee: row.employee,
    amount: row.cents / 100,
    currency: row.currency,
    purpose: row.purpose,
    status: row.approver === null ? 'submitted' : 'approved',
    ...(row.approver === null ? {} : { approver: row.approver }),
  }
}
