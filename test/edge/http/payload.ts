// One request as bytes, and what must become of it. The verdict is written down before anything is sent.

/**
 * `accept`: runs once. `refuse`: a request that is clear and not wanted; one behind it is a request of its own.
 * `ambiguous`: two parsers could read it differently; nothing of it runs, and nothing behind it on its connection.
 */
export type Verdict = 'accept' | 'refuse' | 'ambiguous'

export interface Payload {
  readonly family: string
  readonly what: string
  readonly verdict: Verdict
  /** Latin-1 text; `tag` is the argument by which a tool that runs is told from another. */
  readonly text: (tag: string) => string
}

export interface Shape {
  readonly line?: string
  /** Takes the place of `Host: localhost`. */
  readonly host?: string
  /** Takes the place of the content type. */
  readonly type?: string
  /** Header lines beside the usual ones, each with its end. */
  readonly lines?: string
  /** Everything from the framing header on, from a body; a plain one with its length when absent. */
  readonly framed?: (body: string) => string
}

export const LINE = 'POST /mcp HTTP/1.1'
const META =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}'

const bodyOf = (tag: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"tag":"${tag}"},${META}}}`

/** Tag of a request that stands inside another, from the body of that one. */
export const HIDDEN = 'hidden'
export const hiddenIn = (body: string): string =>
  text()(`${HIDDEN}-${/"tag":"[a-z]+-(\d+)"/.exec(body)?.[1] ?? ''}`)

const plain = (body: string): string => `Content-Length: ${body.length}\r\n\r\n${body}`

export const chunked = (body: string): string =>
  `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`

export const text =
  (shape: Shape = {}) =>
  (tag: string): string => {
    const { line = LINE, host = 'Host: localhost\r\n', lines = '', framed = plain } = shape
    const { type = 'Content-Type: application/json\r\n' } = shape
    const usual =
      'Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: echo\r\n'
    return `${line}\r\n${host}${type}${usual}${lines}${framed(bodyOf(tag))}`
  }

export const payload = (family: string, verdict: Verdict, what: string, shape: Shape): Payload => ({
  family,
  verdict,
  what,
  text: text(shape),
})

/** One payload a word. */
export const of = (
  family: string,
  verdict: Verdict,
  words: readonly string[],
  shape: (word: string) => Shape,
): Payload[] => words.map(word => payload(family, verdict, JSON.stringify(word), shape(word)))
