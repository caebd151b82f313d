// A reload must not overlap itself, and no question asked meanwhile may be lost.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneAtATime } from './one-at-a-time.ts'

const strongest = (waiting: number, asked: number) => Math.max(waiting, asked)

test('what is asked while the task runs is run once more, with the strongest of the questions', async () => {
  const gates: (() => void)[] = []
  const ran: number[] = []
  const turns = oneAtATime<number>(async ask => {
    ran.push(ask)
    await new Promise<void>(resolve => gates.push(resolve))
  }, strongest)
  turns.ask(1)
  turns.ask(2)
  turns.ask(5)
  turns.ask(3)
  assert.deepEqual(ran, [1])
  gates.shift()?.()
  await Promise.resolve()
  await Promise.resolve()
  assert.deepEqual(ran, [1, 5])
  gates.shift()?.()
  await turns.idle()
  assert.deepEqual(ran, [1, 5])
})

test('it runs again after it has been idle', async () => {
  const ran: number[] = []
  const turns = oneAtATime<number>(async ask => {
    ran.push(ask)
  }, strongest)
  turns.ask(1)
  await turns.idle()
  turns.ask(2)
  await turns.idle()
  assert.deepEqual(ran, [1, 2])
})

test('idle resolves at once when nothing was asked', async () => {
  await oneAtATime<number>(async () => {}, strongest).idle()
})
