// How much one body may hold, and what is said of one that may not pass.
import type { Message } from '#router/facts.ts'

export interface JsonLimits {
  readonly depth: number
  /** Values of one body, whatever they are and its own included, and keys. */
  readonly values: number
  readonly keysPerObject: number
  readonly keyBytes: number
  readonly numberChars: number
}

/** Far above what tools are called with; what is beyond them costs a parser or a validator more than it is worth. */
export const JSON_LIMITS: JsonLimits = Object.freeze({
  depth: 64,
  values: 50_000,
  keysPerObject: 1_000,
  keyBytes: 256,
  numberChars: 32,
})

/** `malformed`: no JSON. `ambiguous`: JSON that two parsers may read differently. `excessive`: over a limit. */
export interface JsonProblem {
  readonly kind: 'malformed' | 'ambiguous' | 'excessive'
  /** A sentence; of the body it quotes at most a path, cut and made printable. */
  readonly says: string
}

export type Guarded =
  | { readonly kind: 'ok'; readonly spans: Message['spans'] }
  | {
      readonly kind: 'problem'
      readonly problem: JsonProblem
      /** It stays one whatever comes behind: the text may be the beginning of another. */
      readonly isFinal: boolean
    }

export const told = (kind: JsonProblem['kind'], says: string): Guarded => ({
  kind: 'problem',
  problem: { kind, says },
  isFinal: true,
})

const LONGEST_POINTER = 128

/** JSON pointer (RFC 6901), cut, and with nothing in it that a terminal would obey. */
export const pointerTo = (segments: ReadonlyArray<string | number>): string =>
  segments
    .map(segment => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('')
    .replaceAll(/[^ -~]/g, '?')
    .slice(0, LONGEST_POINTER)
