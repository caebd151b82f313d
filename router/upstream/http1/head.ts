// The head of an answer and what it says of the body behind it (RFC 9112, 4 and 6). Where two readers could disagree on where the body
// ends, there is no answer: the bytes after it would be taken for the answer to somebody else's request.
import { type Fields, fieldsOf } from '#router/http1/fields.ts'
import { malformed } from '#router/http1/malformed.ts'

export interface Head {
  readonly status: number
  readonly fields: Fields
  /** Bytes that follow, or how their end is told: by chunks, or by the end of the connection. */
  readonly body: number | 'chunked' | 'until_closed'
  /** How long the connection may be kept after the answer, in milliseconds; 0: not at all. */
  readonly keepMs: number
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?\r\n/
/** Exact as a number, and more than anybody sends. */
const LENGTH = /^[0-9]{1,15}$/

/** Node's servers say five seconds; who says nothing is trusted with as little. */
export const KEEP_UNTOLD_MS = 4_000
/** The most that is believed of any. */
const KEEP_MOST_MS = 60_000
/** A server counts from the moment at which its answer left; a request must not meet the connection as it closes. */
const KEEP_MARGIN_MS = 2_000

/** `text`: a whole block of lines. Throws `Malformed`. */
export function headOf(text: string): Head {
  const line = STATUS_LINE.exec(text)
  if (line === null) throw malformed('the status line is none of HTTP/1.0 or HTTP/1.1')
  const isOld = line[1] === '0'
  const status = Number(line[2])
  const fields = fieldsOf(text, line[0].length)
  const told = framingOf(fields)
  if (told.isChunked && isOld) throw malformed('HTTP/1.0 has no transfer codings')
  if (status < 200 && (told.isChunked || told.length !== undefined || told.isClosing))
    throw malformed('an informal answer has a body or ends the connection')
  const isBare = hasNoBody(status)
  return {
    status,
    fields,
    body: isBare ? 0 : told.isChunked ? 'chunked' : (told.length ?? 'until_closed'),
    keepMs: isOld || told.isClosing || (isBare && saysBody(told)) ? 0 : told.keepMs,
  }
}

/** Under a status that has no body some servers send one, and it would be read as the answer to the next request. */
const saysBody = ({ isChunked, length = 0 }: Framing): boolean => isChunked || length > 0

const hasNoBody = (status: number): boolean => status < 200 || status === 204 || status === 304

interface Framing {
  length: number | undefined
  isChunked: boolean
  isClosing: boolean
  keepMs: number
}

function framingOf(fields: Fields): Framing {
  const told: Framing = {
    length: undefined,
    isChunked: false,
    isClosing: false,
    keepMs: KEEP_UNTOLD_MS,
  }
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at]
    const value = fields[at + 1] as string
    if (name === 'content-length') {
      if (told.length !== undefined) throw malformed('it says its length twice')
      if (!LENGTH.test(value)) throw malformed('its Content-Length is no number of bytes')
      told.length = Number(value)
    } else if (name === 'transfer-encoding') {
      if (told.isChunked || value.toLowerCase() !== 'chunked')
        throw malformed('its Transfer-Encoding is other than chunked, once')
      told.isChunked = true
    } else if (name === 'connection') told.isClosing ||= /(?:^|[,\s])close(?:$|[,\s])/i.test(value)
    else if (name === 'keep-alive') told.keepMs = keepOf(value)
  }
  if (told.isChunked && told.length !== undefined)
    throw malformed('it says both Content-Length and Transfer-Encoding')
  return told
}

function keepOf(hint: string): number {
  const seconds = /(?:^|[,\s])timeout=([0-9]{1,9})(?:$|[,\s])/i.exec(hint)?.[1]
  if (seconds === undefined) return KEEP_UNTOLD_MS
  return Math.min(Math.max(0, Number(seconds) * 1_000 - KEEP_MARGIN_MS), KEEP_MOST_MS)
}
