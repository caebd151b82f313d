// The shared book: exact to the cent, first approval stands, and bounded.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openExpenseBook } from './expense-book.ts'

const lunch = { employee: 'Ada', amount: 19.99, currency: 'EUR', purpose: 'lunch' }

test('an amount comes back as it went in, and sums are exact', () => {
  const book = openExpenseBook(undefined)
  assert.deepEqual(book.submit(lunch), { ...lunch, id: 'exp-1', status: 'submitted' })
  for (let n = 0; n < 9; n += 1) book.submit({ ...lunch, amount: 0.1 })
  assert.deepEqual(book.totals(), [{ currency: 'EUR', amount: 20.89 }])
})

test('the first approval stands', () => {
  const book = openExpenseBook(undefined)
  const { id } = book.submit(lunch)
  book.approve(id, 'Bo')
  book.approve(id, 'Cy')
  assert.equal(book.find(id)?.approver, 'Bo')
  assert.equal(book.find('exp-99'), undefined)
})

test('lists are newest first, by status, and count what they leave out', () => {
  const book = openExpenseBook(undefined)
  for (let n = 0; n < 3; n += 1) book.submit(lunch)
  book.approve('exp-2', 'Bo')
  assert.deepEqual(
    book.list(undefined, 2).map(({ id }) => id),
    ['exp-3', 'exp-2'],
  )
  assert.deepEqual(
    book.list('submitted', 9).map(({ id }) => id),
    ['exp-3', 'exp-1'],
  )
  assert.equal(book.count('approved'), 1)
  assert.equal(book.count(undefined), 3)
})
