// The sentinel encoding of header values (2026-07-28, transports, Value Encoding): `=?base64?…?=` where plain ASCII would not do.
const PREFIX = '=?base64?'
const SUFFIX = '?='
/** Base64 is decoded strictly, padding and the bits left over included, but for white space, which would be passed over. */
const UNSPACED = /^\S*$/
const PLAIN = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

/** The text a header value stands for; undefined when it has the markers but no valid base64 of UTF-8 between them. */
export function decodeHeaderValue(value: string): string | undefined {
  if (!isMarked(value)) return value
  const inner = value.slice(PREFIX.length, -SUFFIX.length)
  if (!UNSPACED.test(inner)) return undefined
  try {
    const bytes = Uint8Array.fromBase64(inner, { lastChunkHandling: 'strict' })
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

export function encodeHeaderValue(text: string): string {
  if ((text === '' || PLAIN.test(text)) && !isMarked(text)) return text
  return `${PREFIX}${Buffer.from(text, 'utf8').toString('base64')}${SUFFIX}`
}

const isMarked = (value: string): boolean =>
  value.length >= PREFIX.length + SUFFIX.length &&
  value.startsWith(PREFIX) &&
  value.endsWith(SUFFIX)
