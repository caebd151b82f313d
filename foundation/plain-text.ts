// Words from outside for a log line, a status page or a caller: on one line, without anything that a terminal obeys, and short.
// What it returns is for people to read and not to be compared or parsed.

/** Longer text is no longer read, and may be meant to hide something. */
export const LONGEST_TEXT = 512

const ESCAPE = String.fromCharCode(27)
const BELL = String.fromCharCode(7)
/** Escape sequences of terminals, as a whole: without its first byte the rest of one would stand there as letters. */
const SEQUENCE = new RegExp(
  `${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${BELL}${ESCAPE}]*(?:${BELL}|${ESCAPE}\\\\)?|[@-_])?`,
  'g',
)
/** Controls, line and paragraph separators, and what turns the direction of writing around. */
const CONTROL = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/gu

export function plainText(text: string, most = LONGEST_TEXT): string {
  // Cut first: a megabyte is not searched for what will not be shown.
  const first = text.slice(0, 4 * most)
  const plain = first.replace(SEQUENCE, '').replace(CONTROL, ' ').toWellFormed().trim()
  return plain.length <= most && first.length === text.length
    ? plain
    : `${plain.slice(0, most - 1).toWellFormed()}…`
}
