// What is wrong with what came back. It is asked after every case, and knows nothing of how the case was made.
import type { FuzzCase } from './fuzz-case.ts'
import type { HttpAnswer } from './http-answers.ts'
import { TOKEN } from './seeds.ts'
import type { Outcome } from './send-case.ts'

export interface Verdict {
  /** What must not be; undefined when all is well. */
  readonly wrong?: string
  /** Bytes of a tool server that were handed on although they are no JSON: they are the tool's, and its caller is told so by reading. */
  readonly isPassedOn?: boolean
  /** Ended without an answer, as it may be. */
  readonly isSilent?: boolean
}

/** Answers of HTTP itself, and to what is not answered in words. */
const MAY_BE_EMPTY = [200, 202, 204, 400, 408, 413, 417, 431]
const TOKENS = /tk[0-9]{8}/g

export function judge(one: FuzzCase, token: string, outcome: Outcome): Verdict {
  const { read, isHung, isClosed } = outcome
  if (read.problem !== undefined) return { wrong: `no HTTP: ${read.problem}` }
  if (one.request.end === 'resets') return foreign(one, token, outcome)
  if (isHung) return { wrong: `no end: ${read.answers.length} answers, cut ${read.isCut}` }
  if (read.isCut && one.kind !== 'upstream' && !asksWobbly(one))
    return { wrong: 'cut within an answer' }
  if (read.answers.length === 0 && !read.isCut) {
    const isSilenceRight = isClosed && mayBeSilent(one)
    return isSilenceRight ? { isSilent: true } : { wrong: 'closed without a word' }
  }
  if (one.kind === 'control' && !(read.answers.length === 1 && isGood(read.answers[0])))
    return { wrong: `a right call was answered with ${read.answers[0]?.status}` }
  for (const answer of read.answers) {
    const wrong = wrongWith(answer, one)
    if (wrong === undefined) continue
    const isOurs = one.kind !== 'upstream' && !asksWobbly(one)
    return isOurs || answer.status !== 200 ? { wrong } : { isPassedOn: true }
  }
  return foreign(one, token, outcome)
}

const asksWobbly = ({ request }: FuzzCase): boolean => /wobbly/i.test(request.writes.join(''))

/**
 * A caller who ends its side before the answer may lose it, and so may one who still sends when Node's parser has given up: the
 * connection is ended, and the rest of the bytes resets it. Whoever sends one request at once and waits must be told something.
 */
function mayBeSilent({ request }: FuzzCase): boolean {
  const text = request.writes.join('')
  if (request.end !== 'waits' || request.writes.length > 1 || text.trim() === '') return true
  if (/^\s*CONNECT /.test(text)) return true // Node ends it where no tunnel is offered
  const end = /\r?\n\r?\n/.exec(text)
  if (end === null) return false
  const head = text.slice(0, end.index)
  if (/transfer-encoding/i.test(head)) return true // where it ends depends on chunks that may be broken
  const lengths = [...head.matchAll(/\r\ncontent-length:[ \t]*([0-9]+)[ \t]*(?=\r\n|$)/gi)]
  return text.length > head.length + end[0].length + Number(lengths[0]?.[1] ?? 0)
}

const isGood = (answer: HttpAnswer | undefined): boolean =>
  answer !== undefined && (answer.status === 200 || answer.status === 202)

/** A token that this case did not send is somebody else's. */
function foreign(one: FuzzCase, token: string, { bytes }: Outcome): Verdict {
  const own = [...one.request.writes, ...(one.answer?.writes ?? [])].join('')
  const strange = [...new Set(bytes.toString('latin1').match(TOKENS))].find(
    found => found !== token && found !== TOKEN && !own.includes(found),
  )
  return strange === undefined ? {} : { wrong: `it holds ${strange} of another case` }
}

function wrongWith({ status, headers, body }: HttpAnswer, one: FuzzCase): string | undefined {
  if (body.length === 0 && one.request.writes.join('').includes('HEAD')) return undefined
  if (body.length === 0)
    return MAY_BE_EMPTY.includes(status) ? undefined : `${status} without a word`
  const type = headers.get('content-type') ?? ''
  if (type.startsWith('text/event-stream')) return wrongWithEvents(body.toString())
  if (!type.startsWith('application/json')) return `${status} in ${type || 'no type'}`
  return wrongWithMessage(body)
}

function wrongWithEvents(text: string): string | undefined {
  let answers = 0
  for (const block of text.split(/\r?\n\r?\n/)) {
    const data = block
      .split(/\r?\n/)
      .filter(line => line.startsWith('data:'))
      .map(line => line.slice(5))
    if (data.length === 0 || data.join('').trim() === '') continue
    const wrong = wrongWithMessage(Buffer.from(data.join('\n')), true)
    if (wrong !== undefined) return wrong
    if (!data.join('').includes('"method":')) answers += 1
  }
  return answers === 0 ? 'a stream without an answer' : undefined
}

function wrongWithMessage(body: Buffer, mayBeNotification = false): string | undefined {
  try {
    const message = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as {
      readonly jsonrpc?: unknown
      readonly method?: unknown
      readonly result?: unknown
      readonly error?: { readonly code?: unknown; readonly message?: unknown }
    }
    if (message.jsonrpc !== '2.0') return 'no JSON-RPC'
    if (mayBeNotification && typeof message.method === 'string') return undefined
    if (message.result !== undefined && message.error === undefined) return undefined
    const { code, message: says } = message.error ?? {}
    return Number.isInteger(code) && typeof says === 'string' ? undefined : 'no JSON-RPC answer'
  } catch (error) {
    return `no JSON: ${(error as Error).message.slice(0, 80)}`
  }
}
