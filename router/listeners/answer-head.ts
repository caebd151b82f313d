// The head of an answer as text (RFC 9112, 4 and 5).
import { STATUS_CODES } from 'node:http'

/** What no field value may hold: it would end the line, or be no byte. */
const NO_VALUE = /[^\t\x20-\x7e\x80-\xff]/

/** Lines of a head, each with its end. Throws when a value would break out of its line. */
export function fieldLines(headers: Readonly<Record<string, string>>): string {
  let lines = ''
  for (const name in headers) {
    const value = headers[name] as string
    if (NO_VALUE.test(value)) throw new Error(`the header ${name} cannot be sent as it is`)
    lines += `${name}: ${value}\r\n`
  }
  return lines
}

export const statusLine = (status: number): string =>
  STATUS_LINES[status] ?? `HTTP/1.1 ${status} \r\n`

const STATUS_LINES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(STATUS_CODES).map(([status, words]) => [
    status,
    `HTTP/1.1 ${status} ${words}\r\n`,
  ]),
)

/** Says what the time is (RFC 9110, 6.6.1), made anew once a second. */
export class DateLine {
  readonly #wallMs: () => number
  #second = 0
  #line = ''

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs
  }

  get text(): string {
    const nowMs = this.#wallMs()
    const second = Math.floor(nowMs / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#line = `date: ${new Date(nowMs).toUTCString()}\r\n`
    }
    return this.#line
  }
}
