// The headers that may go to a replica. Requests are built from this list and never copied from a caller's: what is not on it
// cannot be smuggled, and what would not survive as one line is not sent.

const ALLOWED: ReadonlySet<string> = new Set([
  'content-type',
  'accept',
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
  'mcp-session-id',
  'last-event-id',
  'traceparent',
  'tracestate',
  'x-ringmain-attempt',
  'x-ringmain-deadline-ms',
  'x-ringmain-via',
])
/** Arguments mirrored into headers; the rest of the name is the tool's own choice. */
const MIRRORED = /^mcp-param-[!#$%&'*+.^_`|~0-9a-z-]*$/
const VISIBLE = /^[\t -~]*$/
/** They come from the caller as they are and concern nobody but those who trace: a broken one is left out. */
const MAY_BE_LEFT_OUT: readonly string[] = ['traceparent', 'tracestate']
/** A small answer may unfold to a thousand times its size, and nothing here unfolds one. */
const IDENTITY = 'accept-encoding: identity\r\n'

/** `headers`: flat name, value list. The lines as they go out; throws for what only a defect of the router can have put there. */
export function upstreamHeaders(headers: readonly string[]): string {
  let lines = ''
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string
    const value = headers[index + 1] ?? ''
    if (!ALLOWED.has(name) && !MIRRORED.test(name))
      throw new Error(`the header ${JSON.stringify(name)} is not one that goes to a replica`)
    if (VISIBLE.test(value)) lines += `${name}: ${value}\r\n`
    else if (!MAY_BE_LEFT_OUT.includes(name))
      throw new Error(`the header ${name} for a replica is not visible ASCII`)
  }
  return lines + IDENTITY
}
