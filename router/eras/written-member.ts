// How a member of a message is written in the bytes that went past, and what it says.

/** A piece of text: from its first byte to behind its last. */
export interface Written {
  readonly from: number
  readonly to: number
}

/** Letter for letter, after white space perhaps; what is written otherwise is told apart the slow way. */
export function isWritten(word: string, bytes: Buffer, { from, to }: Written): boolean {
  let start = from
  while (start < to && (bytes[start] as number) <= 0x20) start += 1
  if (to - start !== word.length) return false
  for (let at = 0; at < word.length; at += 1)
    if (bytes[start + at] !== word.charCodeAt(at)) return false
  return true
}

/** Of text with a letter for each byte. */
export const utf8 = (text: string): string => Buffer.from(text, 'latin1').toString()

export const integer = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) ? Number(value) : undefined

export function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined // too long to be held whole
  }
}
