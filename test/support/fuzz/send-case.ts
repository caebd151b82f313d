// Sends one case on a connection of its own and keeps what comes back until nothing more is to come.
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { FuzzCase } from './fuzz-case.ts'
import { type HttpRead, readAnswers } from './http-answers.ts'
import { answersTo, isClosing, mayBeWaitedFor } from './oracle.ts'
import { sendBytes } from './send-bytes.ts'

export interface Outcome {
  readonly bytes: Buffer
  readonly read: HttpRead
  /** The router ended the connection. */
  readonly isClosed: boolean
  /** Neither a whole answer nor an end came in time. */
  readonly isHung: boolean
}

export interface SendOptions {
  readonly port: number
  readonly hangMs: number
}

/** After a whole answer: long enough for bytes that should not be there to come too. */
const QUIET_MS = 15
/** What can be answered is answered by then; what is half a request need not hold a case until its time is over. */
const LATER_MS = 200
/** Longer than any answer takes, a tool that is slow on purpose apart. */
const ANSWERED_BY_MS = 4_000
/** More than any answer to a seed, several times over. */
const MOST_BYTES = 4_000_000

export async function sendCase(one: FuzzCase, options: SendOptions): Promise<Outcome> {
  const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true })
  const chunks: Buffer[] = []
  let size = 0
  let isClosed = false
  const { writes, end } = one.request
  const mayLackBodies = writes.join('').includes('HEAD')
  const { requests, wanted } = answersTo(writes.join(''))
  const answered = Promise.withResolvers<void>()
  const read = (): HttpRead => readAnswers(Buffer.concat(chunks), { mayLackBodies, isClosed })
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const hung = setTimeout(() => resolve(true), options.hangMs)
  let quiet: NodeJS.Timeout | undefined
  socket.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= MOST_BYTES) chunks.push(chunk)
    clearTimeout(quiet)
    const { answers, isCut, problem } = read()
    if (problem !== undefined || size > MOST_BYTES) resolve(false)
    if (isCut || answers.length === 0) return
    if (answers.length >= requests.length || isClosing(answers.at(-1))) answered.resolve()
    if (answers.length >= wanted) quiet = setTimeout(() => resolve(false), QUIET_MS)
  })
  socket.on('error', () => undefined) // a reset is an end too; `close` follows
  socket.on('close', () => {
    isClosed = true
    answered.resolve()
    resolve(false)
  })
  await once(socket, 'connect')
  const laterMs = mayBeWaitedFor(requests.length, writes) ? ANSWERED_BY_MS : LATER_MS
  const later = (): Promise<unknown> => Promise.race([answered.promise, pause(laterMs)])
  void sendBytes(socket, one.request, end === 'finishes later' ? later : undefined)
  const isHung = await promise
  clearTimeout(hung)
  clearTimeout(quiet)
  const outcome = { bytes: Buffer.concat(chunks), read: read(), isClosed, isHung }
  socket.destroy()
  return outcome
}
