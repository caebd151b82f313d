// One small question to a replica and its whole answer: lists, handshakes and checks. Calls of tools never go this way,
// since here the answer is held in memory and its time is bounded.
import { isUtf8 } from 'node:buffer'
import { createParser } from 'eventsource-parser'
import { afterReads } from '#router/deadlines/deadline-wheel.ts'
import { foreignEncoding } from '#router/eras/judge.ts'
import type { Attempt, UpstreamBody } from '#router/facts.ts'
import { isEventStream, isJson, type Sent } from './send.ts'

export type RpcReply =
  /** A JSON-RPC message under the id that was sent, as parsed and as its bytes. */
  | {
      readonly kind: 'message'
      readonly status: number
      readonly message: Readonly<Record<string, unknown>>
      readonly bytes: Buffer
      readonly header: (name: string) => string | undefined
    }
  /** An HTTP answer without such a message. */
  | {
      readonly kind: 'http'
      readonly status: number
      readonly detail: string
      /** It said more than is read, and what it said is not known. */
      readonly isTooLarge?: true
    }
  | { readonly kind: 'failed'; readonly attempt: Attempt['kind']; readonly detail: string }

/** `unasked`: nothing can be concluded from it, neither yes nor no. `guarded`: it tells strangers nothing. */
export type Outcome = 'answered' | 'guarded' | 'unasked'

/** Largest answer that is read whole at once: to a question that is no list. */
const ANSWER_BYTES = 65_536
/** Of a page of a list. To read it holds the loop, for some milliseconds. */
export const PAGE_BYTES = 1_048_576
/** How long a stream may stay open after its answer before it is cut. */
const LINGER_MS = 1_000

export async function askReplica(
  sent: Sent,
  idJson: string,
  timeoutMs: number,
  mostBytes = ANSWER_BYTES,
): Promise<RpcReply> {
  let isLate = false
  let isOver = false
  const cut = Promise.withResolvers<'broken'>() // whoever reads hears nothing after an abort
  const giveUp = (): void => {
    if (isOver) return
    isLate = true
    sent.abort()
    cut.resolve('broken')
  }
  const timer = setTimeout(() => afterReads(giveUp), timeoutMs)
  try {
    const attempt = await sent.attempt
    if (attempt.kind !== 'answered') {
      const detail = 'detail' in attempt ? attempt.detail : 'abandoned'
      return isLate ? late(timeoutMs) : { kind: 'failed', attempt: attempt.kind, detail }
    }
    const encoding = foreignEncoding(attempt)
    if (encoding !== undefined) {
      sent.abort()
      const detail = `${encoding} was not asked for`
      return { kind: 'failed', attempt: 'no_answer', detail }
    }
    const reading = isEventStream(attempt.contentType)
      ? firstAnswer(attempt.body, idJson, mostBytes)
      : attempt.body.collect(mostBytes)
    const text = await Promise.race([reading, cut.promise])
    if (isLate) return late(timeoutMs)
    if (text === 'too_large')
      return {
        kind: 'http',
        status: attempt.status,
        detail: `the answer is larger than ${mostBytes} bytes`,
        isTooLarge: true,
      }
    if (text === 'broken')
      return { kind: 'failed', attempt: 'no_answer', detail: 'the answer broke off' }
    const message =
      isJson(attempt.contentType) || isEventStream(attempt.contentType) ? parse(text) : undefined
    if (message === undefined || !isAnswerTo(message, idJson)) {
      return {
        kind: 'http',
        status: attempt.status,
        detail: `HTTP ${attempt.status} without a JSON-RPC answer`,
      }
    }
    return { kind: 'message', status: attempt.status, message, bytes: text, header: attempt.header }
  } finally {
    isOver = true
    clearTimeout(timer)
  }
}

/** A replica that was slow, busy or broken has not answered no: what was known of it stands. */
export function outcomeOf(reply: RpcReply): Outcome {
  if (reply.kind === 'failed') return 'unasked'
  const { status } = reply
  if (status === 401 || status === 403) return 'guarded'
  return status === 408 || status === 429 || status >= 500 ? 'unasked' : 'answered'
}

const late = (timeoutMs: number): RpcReply => ({
  kind: 'failed',
  attempt: 'timeout',
  detail: `no answer within ${timeoutMs} ms`,
})

/** The data of the first event that answers the id; what else comes on the stream is for nobody. */
function firstAnswer(
  body: UpstreamBody,
  idJson: string,
  mostBytes: number,
): Promise<Buffer | 'too_large' | 'broken'> {
  return new Promise(resolve => {
    const decoder = new TextDecoder('utf-8', { fatal: true })
    let bytes = 0
    let isFound = false
    let linger: NodeJS.Timeout | undefined
    const parser = createParser({
      onEvent: ({ data }) => {
        const text = Buffer.from(data)
        const message = isFound ? undefined : parse(text)
        if (message === undefined || !isAnswerTo(message, idJson)) return
        isFound = true
        linger = setTimeout(() => body.abort(), LINGER_MS)
        resolve(text)
      },
    })
    const stop = (): void => {
      clearTimeout(linger)
      resolve('broken')
    }
    body.pipe({
      data: chunk => {
        bytes += chunk.length
        if (bytes > mostBytes) {
          resolve('too_large')
          body.abort()
          return false
        }
        if (isFound) return true
        const text = decoded(decoder, chunk)
        if (text !== undefined) parser.feed(text)
        else {
          resolve(NOTHING)
          body.abort()
        }
        return text !== undefined
      },
      end: stop,
      broken: stop,
    })
  })
}

/** Undefined where it is not UTF-8: with other letters in their place, bytes that differ would look the same. */
function decoded(decoder: TextDecoder, chunk: Buffer): string | undefined {
  try {
    return decoder.decode(chunk, { stream: true })
  } catch {
    return undefined // whoever asked is told that this is no answer
  }
}

const NOTHING = Buffer.alloc(0)

function parse(bytes: Buffer): Record<string, unknown> | undefined {
  if (!isUtf8(bytes)) return undefined // parts of it may be handed on as they are
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined // not JSON: the caller of this says so, with the status it came with
  }
}

/** An error answer to a message that could not be read has a null id. */
function isAnswerTo(message: Record<string, unknown>, idJson: string): boolean {
  if ('method' in message) return false
  const { id } = message
  return JSON.stringify(id) === idJson || ((id === null || id === undefined) && 'error' in message)
}
