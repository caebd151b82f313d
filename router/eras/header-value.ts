// The sentinel encoding of header values (2026-07-28, transports, Value Encoding): `=?base64?…?=` where plain ASCII would not do.
const PREFIX = '=?base64?'
const SUFFIX = '?='
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const PLAIN = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

/** The text a header value stands for; undefined when it has the markers but no valid base64 of UTF-8 between them. */
export function decodeHeaderValue(value: string): string | undefined {
  if (!isMarked(value)) return value
  const inner = value.slice(PREFIX.length, -SUFFIX.length)
  if (!BASE64.test(inner)) return undefined
  const bytes = Buffer.from(inner, 'base64')
  if (bytes.toString('base64') !== inner) return undefined
  const text = bytes.toString('utf8')
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined
}

export function encodeHeaderValue(text: string): string {
  if ((text === '' || PLAIN.test(text)) && !isMarked(text)) return text
  return `${PREFIX}${Buffer.from(text, 'utf8').toString('base64')}${SUFFIX}`
}

const isMarked = (value: string): boolean =>
  value.length >= PREFIX.length + SUFFIX.length &&
  value.startsWith(PREFIX) &&
  value.endsWith(SUFFIX)
