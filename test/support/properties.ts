// What property tests share: a seed that is printed, JSON spelt in every legal way, and bytes cut anywhere.
import type { TestContext } from 'node:test'
import * as fc from 'fast-check'
import type { Random } from '#foundation/clock.ts'

/** Parameters of one run. The seed is printed; RINGMAIN_SEED repeats it, and RINGMAIN_FUZZ_TIMES makes it longer (`npm run test:fuzz`). */
export function runOf(
  t: TestContext,
  numRuns = 300,
): { readonly seed: number; readonly numRuns: number } {
  const given = process.env['RINGMAIN_SEED']
  const seed = given === undefined ? Math.floor(Math.random() * 0x7fffffff) : Number(given)
  t.diagnostic(`seed ${seed}; RINGMAIN_SEED=${seed} repeats it`)
  return { seed, numRuns: numRuns * Number(process.env['RINGMAIN_FUZZ_TIMES'] ?? 1) }
}

/** The same value in another spelling: white space anywhere, letters as escapes, slashes escaped. */
export function spelt(value: unknown, random: Random, isOneLine = false): string {
  const space = (): string => {
    if (random() < 0.7) return ''
    const kinds = isOneLine ? [' ', '\t'] : [' ', '\t', '\n', '\r', '\r\n']
    return kinds[Math.floor(random() * kinds.length)] as string
  }
  const spell = (inner: unknown): string => {
    if (typeof inner === 'string') return text(inner, random)
    if (Array.isArray(inner)) return `[${space()}${inner.map(member).join(',')}${space()}]`
    if (typeof inner !== 'object' || inner === null) return JSON.stringify(inner)
    const members = Object.entries(inner).map(
      ([key, inner]) => `${space()}${text(key, random)}${space()}:${member(inner)}`,
    )
    return `{${members.join(',')}${space()}}`
  }
  const member = (inner: unknown): string => `${space()}${spell(inner)}${space()}`
  return spell(value)
}

/** A string with some of its letters as escapes; half a surrogate pair has no other spelling. */
function text(string: string, random: Random): string {
  let json = '"'
  for (const letter of string) {
    const isOrdinary = JSON.stringify(letter).length === letter.length + 2
    if (isOrdinary && random() < 0.85) json += letter
    else if (letter === '/' && random() < 0.5) json += '\\/'
    else if (random() < 0.5 && !isOrdinary) json += JSON.stringify(letter).slice(1, -1)
    else for (let at = 0; at < letter.length; at += 1) json += escaped(letter.charCodeAt(at))
  }
  return `${json}"`
}

const escaped = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`

/** Keys that no caller may send: they have tests of their own. */
const REFUSED_KEY =
  /"(?:__proto__|constructor|prototype|(?:[^"\\]|\\.)*\\[ubfnrt](?:[^"\\]|\\.)*)":/

/** Any value that JSON can say; it has no negative zero that comes back. */
export const jsonValue = (maxDepth: number): fc.Arbitrary<unknown> =>
  fc
    .jsonValue({ stringUnit: 'grapheme', maxDepth })
    .map(value => JSON.parse(JSON.stringify(value)) as unknown)
    .filter(value => !REFUSED_KEY.test(JSON.stringify(value)))

/** Where to cut a text; `[1, 1, 1, …]` in effect when it is long enough. */
export const cuts: fc.Arbitrary<readonly number[]> = fc.oneof(
  fc.constant(Array.from({ length: 5_000 }, () => 1)),
  fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 }),
)

/** The bytes in pieces of these lengths, one after another; what is left is the last piece. */
export function piecesOf(bytes: Buffer, lengths: readonly number[]): readonly Buffer[] {
  const pieces: Buffer[] = []
  let from = 0
  for (const length of lengths) {
    if (from >= bytes.length) break
    pieces.push(bytes.subarray(from, from + length))
    from += length
  }
  if (from < bytes.length) pieces.push(bytes.subarray(from))
  return pieces
}
