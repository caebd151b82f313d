// How a caller names what the clusters of a virtual server offer: names and URIs on the wire, and back to what their owner calls them.
// The prefix comes from the document, never from what a tool server says of itself.
import {
  NAME_SEPARATOR,
  type VirtualServerMember,
  type VirtualServerPolicy,
} from './route-table.ts'

/** What somebody calls something, and what its owner calls it. */
export interface Owned {
  readonly member: VirtualServerMember
  readonly own: string
  /** Of a task: the replica that made it. */
  readonly holder?: string
}

/** Of a tool or a prompt. */
export const wireName = ({ prefix }: VirtualServerMember, own: string): string =>
  prefix === undefined ? own : `${prefix}${NAME_SEPARATOR}${own}`

/** The member of a server with prefixes that a name on the wire belongs to. A prefix holds no `__`, so that the first one ends it. */
export function ownerOfName(server: VirtualServerPolicy, wire: string): Owned | undefined {
  const at = wire.indexOf(NAME_SEPARATOR)
  if (at <= 0) return undefined
  const prefix = wire.slice(0, at)
  const member = server.members.find(candidate => candidate.prefix === prefix)
  return member && { member, own: wire.slice(at + NAME_SEPARATOR.length) }
}

/** The scheme by which a host tells that a resource is the user interface of a tool: it must stay what it is. */
const UI = 'ui://'
const SCHEME_END = '+'
const HOST_END = '/'

/** In a scheme there is no `_` (RFC 3986, 3.1), and in a prefix no `.`. Schemes are the same in either case. */
const inUri = (prefix: string): string => prefix.replaceAll('_', '.').toLowerCase()

/** Of a resource, or of a template: `file:///a` is `crm+file:///a` on the wire, and `ui://a` is `ui://crm/a`. */
export function wireUri({ prefix }: VirtualServerMember, own: string): string {
  if (prefix === undefined) return own
  return own.startsWith(UI)
    ? `${UI}${inUri(prefix)}${HOST_END}${own.slice(UI.length)}`
    : `${inUri(prefix)}${SCHEME_END}${own}`
}

/** The member of a server with prefixes that a URI on the wire belongs to: the exact inverse of `wireUri`. */
export function ownerOfUri(server: VirtualServerPolicy, wire: string): Owned | undefined {
  const isUi = wire.startsWith(UI)
  const from = isUi ? UI.length : 0
  const at = wire.indexOf(isUi ? HOST_END : SCHEME_END, from)
  if (at <= from) return undefined
  const prefix = wire.slice(from, at).toLowerCase()
  const member = server.members.find(
    candidate => candidate.prefix !== undefined && inUri(candidate.prefix) === prefix,
  )
  const rest = wire.slice(at + 1)
  return member && { member, own: isUi ? `${UI}${rest}` : rest }
}

/** Whether a URI template (RFC 6570) may have made this URI: its literals stand in it in their order. */
export function isMadeBy(template: string, uri: string): boolean {
  const [first = '', ...rest] = template.split(/\{[^{}]*\}/)
  const last = rest.pop()
  if (last === undefined) return template === uri
  if (!uri.startsWith(first)) return false
  let at = first.length
  for (const literal of rest) {
    const found = uri.indexOf(literal, at)
    if (found < 0) return false
    at = found + literal.length
  }
  return uri.length - last.length >= at && uri.endsWith(last)
}

/** What every assistant takes for a name: several allow no dot, and no more than 64 characters. */
export const PORTABLE_LENGTH = 64
const PORTABLE = /^[A-Za-z0-9_-]{1,64}$/

export const isPortable = (wire: string): boolean => PORTABLE.test(wire)

/** Whether callers of this server may see it. One that may not be seen is left out: cut short it could be another's. */
export const mayBeNamed = ({ names }: VirtualServerPolicy, wire: string): boolean =>
  names !== 'portable' || isPortable(wire)

/** Letters that a reader takes for one another, in whatever case. */
const LOOKS: readonly (readonly [RegExp, string])[] = [
  [/[1i]/g, 'l'],
  [/0/g, 'o'],
  [/_/g, '-'],
  [/rn/g, 'm'],
  [/vv/g, 'w'],
]

/** The same for two prefixes that a person, or a model, may take for one another. */
export const looksOf = (prefix: string): string =>
  LOOKS.reduce((text, [letters, by]) => text.replace(letters, by), prefix.toLowerCase())
