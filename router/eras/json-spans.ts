// Finds where values lie in JSON bytes, so that one can be replaced and every other byte travel as it came.
// Only for text that JSON.parse has accepted: on anything else the positions mean nothing.

import type { Span } from '#router/facts.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d

/**
 * Walks the members of the object at `at`; returns the offset after it. `visit` is given where the key stands, quotes included,
 * and where the value begins; it returns where the value ends, so that one walk may go into a value on its way.
 */
export function walkMembers(
  bytes: Buffer,
  at: number,
  visit: (key: number, keyEnd: number, value: number) => number,
): number {
  let position = skipSpace(bytes, at + 1)
  while (bytes[position] !== CLOSE_OBJECT) {
    const keyEnd = skipString(bytes, position)
    const end = visit(position, keyEnd, skipSpace(bytes, skipSpace(bytes, keyEnd) + 1))
    position = skipSpace(bytes, end)
    if (bytes[position] === COMMA) position = skipSpace(bytes, position + 1)
    else if (bytes[position] !== CLOSE_OBJECT) throw new Error('spans of text that is not JSON')
  }
  return position + 1
}

/** The same for those who are not in a hurry: `key` is decoded, and nothing is gone into. */
export const eachMember = (
  bytes: Buffer,
  at: number,
  visit: (key: string, value: Span) => void,
): number =>
  walkMembers(bytes, at, (key, keyEnd, start) => {
    const end = skipValue(bytes, start)
    visit(JSON.parse(bytes.toString('utf8', key, keyEnd)) as string, { start, end })
    return end
  })

/** Where the value of a member of the object at `at` stands; undefined where there is none, or no object. */
export function memberOf(bytes: Buffer, at: number, name: string): Span | undefined {
  let found: Span | undefined
  if (isObjectAt(bytes, at))
    eachMember(bytes, at, (key, span) => {
      if (key === name) found = span
    })
  return found
}

/** Whether the key between these offsets is `name`, which is ASCII. An escaped spelling is the same key: `n\u0061me`. */
export function isKey(bytes: Buffer, key: number, keyEnd: number, name: string): boolean {
  if (keyEnd - key - 2 === name.length) {
    let at = 0
    while (at < name.length && bytes[key + 1 + at] === name.charCodeAt(at)) at += 1
    if (at === name.length) return true
  }
  for (let at = key + 1; at < keyEnd - 1; at += 1) {
    if (bytes[at] === BACKSLASH) return JSON.parse(bytes.toString('utf8', key, keyEnd)) === name
  }
  return false
}

/** Walks the elements of the array at `at`; returns the offset after it. */
export function eachElement(bytes: Buffer, at: number, visit: (value: Span) => void): number {
  let position = skipSpace(bytes, at + 1)
  while (bytes[position] !== CLOSE_ARRAY) {
    const end = skipValue(bytes, position)
    visit({ start: position, end })
    position = skipSpace(bytes, end)
    if (bytes[position] === COMMA) position = skipSpace(bytes, position + 1)
    else if (bytes[position] !== CLOSE_ARRAY) throw new Error('spans of text that is not JSON')
  }
  return position + 1
}

/** Where the first value of the text begins. */
export const firstValue = (bytes: Buffer): number => skipSpace(bytes, 0)

export const isObjectAt = (bytes: Buffer, at: number): boolean => bytes[at] === OPEN_OBJECT

export const isArrayAt = (bytes: Buffer, at: number): boolean => bytes[at] === OPEN_ARRAY

/** The text with each span replaced, in one new buffer. Spans are in rising order and do not overlap. */
export function splice(
  bytes: Buffer,
  replacements: ReadonlyArray<{ readonly span: Span; readonly by: string }>,
): Buffer {
  const parts: Buffer[] = []
  let from = 0
  for (const { span, by } of replacements) {
    parts.push(bytes.subarray(from, span.start), Buffer.from(by))
    from = span.end
  }
  parts.push(bytes.subarray(from))
  return Buffer.concat(parts)
}

/** Where the value that begins at `at` ends. */
export function skipValue(bytes: Buffer, at: number): number {
  const first = bytes[at]
  if (first === QUOTE) return skipString(bytes, at)
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return skipNested(bytes, at)
  let position = at
  while (position < bytes.length && !endsScalar(bytes[position] as number)) position += 1
  return position
}

/** Counts brackets instead of recursing: depth is the sender's choice, the stack is ours. */
function skipNested(bytes: Buffer, at: number): number {
  let depth = 0
  let position = at
  while (position < bytes.length) {
    const byte = bytes[position]
    if (byte === QUOTE) {
      position = skipString(bytes, position)
      continue
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth -= 1
      if (depth === 0) return position + 1
    }
    position += 1
  }
  return position
}

function skipString(bytes: Buffer, at: number): number {
  let position = at + 1
  while (position < bytes.length) {
    const byte = bytes[position]
    if (byte === QUOTE) return position + 1
    position += byte === BACKSLASH ? 2 : 1
  }
  return position
}

function skipSpace(bytes: Buffer, at: number): number {
  let position = at
  while (isSpace(bytes[position])) position += 1
  return position
}

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

const endsScalar = (byte: number): boolean =>
  byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY || isSpace(byte)
