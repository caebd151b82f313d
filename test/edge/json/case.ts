// One text of the corpus with its verdict, and how lists of them are written down.

/** `malformed`: no JSON. `ambiguous`, `excessive`: JSON, and not taken. */
export type JsonVerdict = 'taken' | 'malformed' | 'ambiguous' | 'excessive'

export interface JsonCase {
  readonly category: string
  readonly verdict: JsonVerdict
  readonly bytes: Buffer
}

export const many = (
  category: string,
  verdict: JsonVerdict,
  texts: ReadonlyArray<string | Buffer>,
): JsonCase[] => texts.map(text => ({ category, verdict, bytes: Buffer.from(text as string) }))

export const hex = (...bytes: readonly string[]): Buffer[] =>
  bytes.map(text => Buffer.from(text.replaceAll(' ', ''), 'hex'))
