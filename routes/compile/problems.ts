// What a person is told about a document: where, which field, what is wrong, what would be right.
// Text from documents is quoted and cut before it is shown: it may hold control characters, or a password in a URL.

export type Severity = 'error' | 'warning'

export interface Problem {
  readonly file: string
  /** Counted from 1, as editors do. */
  readonly line: number
  readonly column: number
  /** The field, as `spec.endpoints[2].url`; empty when the whole document or file is meant. */
  readonly path: string
  readonly says: string
  readonly severity: Severity
}

export interface Place {
  readonly line: number
  readonly column: number
}

/** One step into a document: a key, or an index into a list. */
export type Step = string | number
export type Path = readonly Step[]

/** One line for a terminal: `clusters.yaml:8:11  spec.health.intervall: unknown key; did you mean "interval"?` */
export function formatProblem(problem: Problem): string {
  const { file, line, column, path, says, severity } = problem
  const words = [severity === 'warning' ? 'warning' : '', path, says].filter(word => word !== '')
  return `${shown(file)}:${line}:${column}  ${words.join(': ')}`
}

const PLAIN_KEY = /^[A-Za-z0-9_-]{1,64}$/

/** A path as people write it; keys that are no plain words stand in brackets and quotes. */
export function pathText(path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (!PLAIN_KEY.test(step)) text += `[${quoted(step)}]`
    else text += text === '' ? step : `.${step}`
  }
  return text
}

/** What was found, in few words. */
export function found(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (value === null || value === undefined) return 'nothing'
  if (typeof value === 'string') return quoted(value)
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'a mapping'
}

const LONGEST_QUOTE = 60

/** Text in double quotes, safe to print: cut, without control characters, without a password. */
export function quoted(text: string): string {
  const bare = text.slice(0, 4_096).replace(/:\/\/.*@/su, '://…@')
  const cut = bare.length > LONGEST_QUOTE ? `${bare.slice(0, LONGEST_QUOTE)}…` : bare
  return shown(JSON.stringify(cut))
}

// Control characters and marks that turn the direction of text could rewrite what a terminal shows.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu

/** Text of others, made safe to print. */
export function shown(text: string): string {
  return text.replace(
    UNPRINTABLE,
    character => `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, '0')}`,
  )
}

/** `a, b or c`. */
export const either = (words: readonly string[]): string => inWords(words, 'or')

/** `a, b and c`. */
export const all = (words: readonly string[]): string => inWords(words, 'and')

function inWords(words: readonly string[], last: 'or' | 'and'): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`
}

/** In reading order within each file; files keep the order in which they were given. */
export function inReadingOrder(problems: readonly Problem[], files: readonly string[]): Problem[] {
  const rank = new Map(files.map((file, index) => [file, index]))
  const of = (problem: Problem) => rank.get(problem.file) ?? files.length
  return [...problems].sort(
    (left, right) => of(left) - of(right) || left.line - right.line || left.column - right.column,
  )
}
