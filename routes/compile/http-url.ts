// Which URLs may name an endpoint. The reason never repeats the URL: what is refused may hold a password or a token.

/** Why the text may not stand as an endpoint's URL, or undefined when it may. */
export function httpUrlRefusal(text: string): string | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase()
  if (scheme !== undefined && text.includes('://') && scheme !== 'http' && scheme !== 'https')
    return `expected an http or https URL, got one that begins with "${scheme.slice(0, 20)}:"`
  // The parser forgives spaces, backslashes and missing slashes; another reader of the same text may not.
  if (!/^https?:\/\/[^/\s\\][^\s\\]*$/i.test(text) || !URL.canParse(text))
    return 'expected an http or https URL, such as http://127.0.0.1:9000/mcp'
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || /^[^/]*\/\/[^/]*@/.test(text))
    return 'a URL here may not hold a user name or a password'
  if (text.includes('?') || text.includes('#'))
    return 'a URL here may not have a query or a fragment'
  if (url.port === '0') return 'port 0 cannot be called'
  return undefined
}
