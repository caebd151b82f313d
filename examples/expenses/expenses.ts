// The expense demo: two tools with an effect, a list, and a slow report that shows progress and can be cancelled.
// Submitting twice makes two expenses: nothing here forgives a call that is sent again.
import { setTimeout as pause } from 'node:timers/promises'
import { type Expense, type ExpenseBook, openExpenseBook } from './expense-book.ts'
import { runReplica } from './replica.ts'
import { defineTool, type OfferedTool, ToolRefusal } from './tool.ts'

const CURRENCIES = ['EUR', 'GBP', 'USD']
const STEP_MS = 500

const person = { type: 'string', minLength: 1, maxLength: 80 }
const expenseId = {
  type: 'string',
  pattern: '^exp-[0-9]{1,9}$',
  description: 'As submit_expense gave it.',
}
const status = { type: 'string', enum: ['submitted', 'approved'] }
const expense = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    employee: { type: 'string' },
    amount: { type: 'number' },
    currency: { type: 'string' },
    purpose: { type: 'string' },
    status,
    approver: { type: 'string' },
  },
  required: ['id', 'employee', 'amount', 'currency', 'purpose', 'status'],
  additionalProperties: false,
}

const submitExpense = (book: ExpenseBook): OfferedTool =>
  defineTool<
    Pick<Expense, 'employee' | 'amount' | 'purpose'> & { readonly currency?: string },
    Expense
  >({
    name: 'submit_expense',
    title: 'Submit an expense',
    description:
      'Takes in one expense. Each call makes a new one, so do not send the same call twice.',
    annotations: {
      readOnlyHint: false,
      destructiveHint: false,
      idempotentHint: false,
      openWorldHint: false,
    },
    input: {
      type: 'object',
      properties: {
        employee: { ...person, description: 'Who paid.' },
        amount: {
          type: 'number',
          minimum: 0.01,
          maximum: 10_000,
          description: 'As paid, two decimals.',
        },
        currency: { type: 'string', enum: CURRENCIES, default: 'EUR' },
        purpose: { type: 'string', minLength: 1, maxLength: 200, description: 'What it was for.' },
      },
      required: ['employee', 'amount', 'purpose'],
      additionalProperties: false,
    },
    output: expense,
    run: ({ employee, amount, currency = 'EUR', purpose }) =>
      book.submit({ employee, amount, currency, purpose }),
  })

const approveExpense = (book: ExpenseBook): OfferedTool =>
  defineTool<{ readonly id: string; readonly approver: string }, Expense>({
    name: 'approve_expense',
    title: 'Approve an expense',
    description:
      'Approves a submitted expense. The first approval stands; approving again changes nothing.',
    annotations: {
      readOnlyHint: false,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    },
    input: {
      type: 'object',
      properties: { id: expenseId, approver: { ...person, description: 'Who approves.' } },
      required: ['id', 'approver'],
      additionalProperties: false,
    },
    output: expense,
    run: ({ id, approver }) => {
      const found = book.find(id)
      if (found === undefined) throw new ToolRefusal(`There is no expense ${id}.`)
      if (found.employee === approver) {
        throw new ToolRefusal(`${approver} paid ${id} and cannot approve it too.`)
      }
      book.approve(id, approver)
      return book.find(id) ?? found
    },
  })

const listExpenses = (book: ExpenseBook): OfferedTool =>
  defineTool<
    { readonly status?: string; readonly limit?: number },
    { readonly total: number; readonly expenses: readonly Expense[] }
  >({
    name: 'list_expenses',
    title: 'List expenses',
    description: 'Lists expenses, newest first.',
    annotations: {
      readOnlyHint: true,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    },
    input: {
      type: 'object',
      properties: { status, limit: { type: 'integer', minimum: 1, maximum: 100, default: 20 } },
      additionalProperties: false,
    },
    output: {
      type: 'object',
      properties: { total: { type: 'integer' }, expenses: { type: 'array', items: expense } },
      required: ['total', 'expenses'],
      additionalProperties: false,
    },
    run: ({ status, limit = 20 }) => ({
      total: book.count(status),
      expenses: book.list(status, limit),
    }),
  })

const report = (book: ExpenseBook): OfferedTool =>
  defineTool<
    { readonly seconds?: number },
    { readonly expenses: number; readonly totals: ReturnType<ExpenseBook['totals']> }
  >({
    name: 'report',
    title: 'Report on all expenses',
    description:
      'Adds up all expenses, slowly: it takes the seconds asked for, reports progress and can be cancelled.',
    annotations: {
      readOnlyHint: true,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    },
    input: {
      type: 'object',
      properties: { seconds: { type: 'integer', minimum: 1, maximum: 120, default: 5 } },
      additionalProperties: false,
    },
    output: {
      type: 'object',
      properties: {
        expenses: { type: 'integer' },
        totals: {
          type: 'array',
          items: {
            type: 'object',
            properties: { currency: { type: 'string' }, amount: { type: 'number' } },
            required: ['currency', 'amount'],
            additionalProperties: false,
          },
        },
      },
      required: ['expenses', 'totals'],
      additionalProperties: false,
    },
    run: async ({ seconds = 5 }, call) => {
      const steps = (seconds * 1_000) / STEP_MS
      for (let step = 1; step <= steps; step += 1) {
        await pause(STEP_MS, undefined, { signal: call.signal })
        await call.progress(step, steps, `added up part ${step} of ${steps}`)
      }
      return { expenses: book.count(undefined), totals: book.totals() }
    },
  })

await runReplica({
  name: 'expenses',
  instructions: 'Submit, approve and list expenses. Amounts have two decimals.',
  isSessionful: false,
  tools: ({ state }) => {
    const book = openExpenseBook(state)
    return [submitExpense(book), approveExpense(book), listExpenses(book), report(book)]
  },
})
