// Words from outside for a log line, a status page or a caller: on one line, without anything that a terminal obeys, and short.
// What it returns is for people to read and not to be compared or parsed.

/** Longer text is no longer read, and may be meant to hide something. */
export const LONGEST_TEXT = 512

/** Escape sequences of terminals, as a whole: without them the rest of a sequence would stand there as letters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const SEQUENCE =
  /[\u001b\u009b](?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-_])?/g
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
