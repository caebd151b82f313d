// What a router needs of a tool's definition: which arguments it mirrors into headers (2026-07-28, transports, Custom Headers),
// and a digest by which two replicas are told apart. The definition itself is not kept.
import { hash } from 'node:crypto'
import type { Mirror, ToolFacts } from '#router/tool-facts.ts'
import { isRecord } from './message.ts'

const MARK = 'x-mcp-header'
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/
const MIRRORED = ['string', 'integer', 'boolean'] as const
/** Where the mark must not stand: what is reached only under a condition, or many times, has no header of its own. */
const DEEPEST = 32
const MOST_MIRRORS = 64

/** `broken`: a client must leave such a tool out of the list. */
export function factsOf(tool: Readonly<Record<string, unknown>>): ToolFacts | 'broken' {
  const mirrors: Mirror[] = []
  if (!collect(tool['inputSchema'], [], mirrors)) return 'broken'
  // Whoever hands headers on as variables writes `_` for `-`: two that differ in nothing else are one header to him.
  const names = new Set(mirrors.map(({ header }) => header.replaceAll('_', '-')))
  if (names.size < mirrors.length || mirrors.length > MOST_MIRRORS) return 'broken'
  return { mirrors, ...hintsOf(tool['annotations']) }
}

/** `idempotentHint` says something of a tool that writes; the defaults of both are false. */
function hintsOf(annotations: unknown): Pick<ToolFacts, 'isRepeatable' | 'isReadOnly'> {
  if (!isRecord(annotations)) return {}
  if (annotations['readOnlyHint'] === true) return { isRepeatable: true, isReadOnly: true }
  return annotations['idempotentHint'] === true ? { isRepeatable: true } : {}
}

/** False when a mark stands where none may, or does not say what it must. */
function collect(schema: unknown, path: readonly string[], mirrors: Mirror[]): boolean {
  if (!isRecord(schema)) return true
  if (path.length > DEEPEST) return !hasMark(schema, 0)
  if (MARK in schema) {
    const name = schema[MARK]
    const type = MIRRORED.find(candidate => candidate === schema['type'])
    if (path.length === 0 || typeof name !== 'string' || !TOKEN.test(name) || type === undefined)
      return false
    mirrors.push({ header: `mcp-param-${name.toLowerCase()}`, path, type })
  }
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === MARK) continue
    if (keyword !== 'properties') {
      if (KEPT_AS_DATA.includes(keyword) || !hasMark(value, 0)) continue
      return false
    }
    if (!isRecord(value)) continue
    for (const [property, inner] of Object.entries(value))
      if (!collect(inner, [...path, property], mirrors)) return false
  }
  return true
}

/** Values of these are examples, not schemas. */
const KEPT_AS_DATA: readonly string[] = ['default', 'const', 'enum', 'examples', 'description']

function hasMark(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return false
  if (!Array.isArray(value) && MARK in value) return true
  return Object.values(value).some(inner => hasMark(inner, depth + 1))
}

/** Deeper is no tool's definition, and is not looked into. */
const DEEPEST_TOLD = 4 * DEEPEST

/** The same for two definitions that say the same, whatever the order of their keys; undefined for one too deep to be told apart. */
export function digestOf(definition: unknown): string | undefined {
  const seen = { isTooDeep: false }
  const text = canonical(definition, 0, seen)
  return seen.isTooDeep ? undefined : hash('sha256', text, 'base64url')
}

function canonical(value: unknown, depth: number, seen: { isTooDeep: boolean }): string {
  if (depth > DEEPEST_TOLD) {
    seen.isTooDeep = true
    return 'null'
  }
  if (Array.isArray(value))
    return `[${value.map(inner => canonical(inner, depth + 1, seen)).join(',')}]`
  if (!isRecord(value)) return JSON.stringify(value) ?? 'null'
  const members = Object.keys(value)
    .toSorted()
    .map(key => `${JSON.stringify(key)}:${canonical(value[key], depth + 1, seen)}`)
  return `{${members.join(',')}}`
}

/** Of a whole list, whatever the order of its tools. */
export const listDigest = (digests: ReadonlyMap<string, string>): string =>
  hash(
    'sha256',
    JSON.stringify([...digests].toSorted(([one], [other]) => (one < other ? -1 : 1))),
    'base64url',
  ).slice(0, 16)
