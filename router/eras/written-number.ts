// Numbers as they were written. Parsers round what they cannot hold, each in its own way: two texts are the same number
// only when their digits say so.
import type { Message, Span } from '#router/facts.ts'
import { eachMember, isObjectAt } from './json-spans.ts'

const NUMBER = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/
/** As numbers stand in headers; none is longer in a body. */
const DECIMAL = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/
const MOST_CHARS = 64

/** The text of `value`, a number that was written as `written`; undefined where parsers may take it for different ones. */
export function textOfNumber(value: number, written: string): string | undefined {
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return undefined
  const text = String(value)
  return text === written || digitsOf(text) === digitsOf(written) ? text : undefined
}

/** Whether a header says this number: `42.0` does say 42. */
export const saysNumber = (header: string, text: string): boolean =>
  header.length <= MOST_CHARS && DECIMAL.test(header) && digitsOf(header) === digitsOf(text)

/** One text for each number: 42, 42.0 and 4.2e1 are all `42e0`. */
function digitsOf(written: string): string | undefined {
  const parts = NUMBER.exec(written)
  if (parts === null) return undefined
  const [, sign, whole, fraction = '', exponent = '0'] = parts
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  const shift = Number(exponent) - fraction.length + digits.length - significant.length
  return `${sign}${significant}e${shift}`
}

/** Finds what stands in `params` as it was written. An object on the way is walked once, however often it is asked for. */
export class WrittenParams {
  readonly #message: Pick<Message, 'body' | 'spans'>
  /** By where an object begins. */
  readonly #walked = new Map<number, ReadonlyMap<string, Span>>()

  constructor(message: Pick<Message, 'body' | 'spans'>) {
    this.#message = message
  }

  /** Empty where nothing stands. */
  at(path: readonly string[]): string {
    const { body, spans } = this.#message
    let span = spans.params
    for (const key of path) span = span && this.#members(span.start).get(key)
    return span === undefined ? '' : body.toString('latin1', span.start, span.end)
  }

  #members(start: number): ReadonlyMap<string, Span> {
    const known = this.#walked.get(start)
    if (known !== undefined) return known
    const { body } = this.#message
    const members = new Map<string, Span>()
    if (isObjectAt(body, start)) eachMember(body, start, (key, span) => members.set(key, span))
    this.#walked.set(start, members)
    return members
  }
}
