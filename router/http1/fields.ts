// Fields of a head or of trailers (RFC 9112, 5), strictly: a name is a token right before its colon, a value is visible bytes, blanks and
// bytes of 0x80 and above, and no line goes on in the next one.
import { malformed } from './malformed.ts'

/** Flat name, value list in the order in which they came; names in lower case, values without blanks around them. */
export type Fields = readonly string[]

const COLON = 58
const CR = 13
const LF = 10

/** `lines`: a whole block, which ends with an empty line. Throws `Malformed`. */
export function fieldsOf(lines: string, from: number): Fields {
  const fields: string[] = []
  const end = lines.length - 2
  let at = from
  while (at < end) {
    const colon = endOf(IN_TOKEN, lines, at)
    if (colon === at || lines.charCodeAt(colon) !== COLON)
      throw malformed('a line of the head or the trailers has no field name before a colon')
    const lineEnd = endOf(IN_VALUE, lines, colon + 1)
    if (lines.charCodeAt(lineEnd) !== CR || lines.charCodeAt(lineEnd + 1) !== LF)
      throw malformed('a field value holds a control character')
    fields.push(lines.slice(at, colon).toLowerCase(), trimmed(lines, colon + 1, lineEnd))
    at = lineEnd + 2
  }
  return fields
}

/** The first of this name. */
export function firstField(fields: Fields, name: string): string | undefined {
  for (let at = 0; at < fields.length; at += 2) if (fields[at] === name) return fields[at + 1]
  return undefined
}

/** All of this name as one list. */
export function allFields(fields: Fields, name: string): string | undefined {
  const found: string[] = []
  for (let at = 0; at < fields.length; at += 2)
    if (fields[at] === name) found.push(fields[at + 1] as string)
  return found.length === 0 ? undefined : found.join(', ')
}

function endOf(kind: Uint8Array, text: string, from: number): number {
  let at = from
  while (kind[text.charCodeAt(at)] === 1) at += 1
  return at
}

function trimmed(text: string, from: number, to: number): string {
  let [start, end] = [from, to]
  while (start < end && isBlank(text.charCodeAt(start))) start += 1
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

const isBlank = (code: number): boolean => code === 32 || code === 9

const tableOf = (is: RegExp): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, code) => (is.test(String.fromCharCode(code)) ? 1 : 0))
const IN_TOKEN = tableOf(/[!#$%&'*+.^_`|~0-9A-Za-z-]/)
const IN_VALUE = tableOf(/[\t\x20-\x7e\x80-\xff]/)
