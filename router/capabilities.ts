// What servers say that they can do, as far as the router carries it. What is not carried is told to nobody: a client would use it.
import type { Era } from '#routes/route-table.ts'

/** The capabilities of servers that are carried. */
const CARRIED = ['tools', 'prompts', 'resources', 'completions', 'logging'] as const
type Carried = (typeof CARRIED)[number]

/** Lists of which a server may tell that they are others now. */
export const TOLD = ['tools', 'prompts', 'resources'] as const
export type Told = (typeof TOLD)[number]

/** Extensions that are carried from end to end, and in which eras: the views of tools (MCP Apps), and tasks. */
const EXTENSIONS: Readonly<Record<string, readonly Era[]>> = {
  'io.modelcontextprotocol/ui': ['legacy', 'modern'],
  'io.modelcontextprotocol/tasks': ['modern'],
}
/** Settings of an extension that are kept, in characters of JSON: no real ones are longer. */
const LONGEST_SETTINGS = 4_096

/** What callers say that they can be asked, as far as that is carried. */
const ASKED = ['elicitation', 'sampling', 'roots'] as const
/** Of one of them, in characters of JSON: it travels in every session id. */
const LONGEST_ASKED = 256

export type CallerCapabilities = Readonly<Record<string, unknown>>

export interface Capabilities {
  readonly has: readonly Carried[]
  /** Lists whose changes it tells. */
  readonly tells: readonly Told[]
  /** It tells of single resources to who asks for that. */
  readonly hasSubscriptions: boolean
  /** Settings by extension. */
  readonly extensions: Readonly<Record<string, unknown>>
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** From the capabilities that a caller has stated, in either era. */
export function callerCapabilitiesIn(stated: unknown): CallerCapabilities {
  if (!isObject(stated)) return {}
  const carried = ASKED.filter(
    name => isObject(stated[name]) && JSON.stringify(stated[name]).length <= LONGEST_ASKED,
  )
  return Object.fromEntries(carried.map(name => [name, stated[name]]))
}

/** From a result of `server/discover` or `initialize`; undefined where it says nothing of them. */
export function capabilitiesIn(result: unknown): Capabilities | undefined {
  const stated = isObject(result) ? result['capabilities'] : undefined
  if (!isObject(stated)) return undefined
  const extensions = isObject(stated['extensions']) ? stated['extensions'] : {}
  const kept = Object.keys(EXTENSIONS).filter(
    name =>
      isObject(extensions[name]) && JSON.stringify(extensions[name]).length <= LONGEST_SETTINGS,
  )
  return {
    has: CARRIED.filter(name => isObject(stated[name])),
    tells: TOLD.filter(name => isStated(stated, name, 'listChanged')),
    hasSubscriptions: isStated(stated, 'resources', 'subscribe'),
    extensions: Object.fromEntries(kept.map(name => [name, extensions[name]])),
  }
}

const isStated = (
  stated: Readonly<Record<string, unknown>>,
  name: string,
  member: string,
): boolean => {
  const said = stated[name]
  return isObject(said) && said[member] === true
}

/** Nobody is told of anything: the server keeps no stream on which it could be. */
export const mute = (capabilities: Capabilities): Capabilities => ({
  ...capabilities,
  tells: [],
  hasSubscriptions: false,
})

/**
 * The member `capabilities` for callers of this era: whatever one of those who serve them can do. Of an extension the settings of the
 * first that has it. Tools are there where nobody has said anything: a server behind a guard tells the router nothing.
 */
export function toldCapabilities(era: Era, all: readonly Capabilities[]): Record<string, object> {
  const has = CARRIED.filter(name => all.some(one => one.has.includes(name)))
  const extensions: Record<string, unknown> = {}
  for (const name of Object.keys(EXTENSIONS)) {
    const owner = all.find(one => name in one.extensions)
    if (owner !== undefined && EXTENSIONS[name]?.includes(era) === true)
      extensions[name] = owner.extensions[name]
  }
  return {
    ...Object.fromEntries(
      (all.length === 0 ? (['tools'] as const) : has).map(name => [name, settingsOf(name, all)]),
    ),
    ...(Object.keys(extensions).length === 0 ? {} : { extensions }),
  }
}

function settingsOf(name: Carried, all: readonly Capabilities[]): Record<string, true> {
  const tells = all.some(one => one.tells.some(told => told === name))
  const subscribe = name === 'resources' && all.some(one => one.hasSubscriptions)
  return { ...(subscribe ? { subscribe } : {}), ...(tells ? { listChanged: true } : {}) }
}

/** Text that is told of each cluster, together: assistants put it before every conversation. */
const MOST_INSTRUCTIONS = 16_384

/** The words of several servers, each under a heading of its own; whose words have no room is told by name. */
export function joinedInstructions(
  told: readonly { readonly heading: string | undefined; readonly words: string }[],
): string | undefined {
  const pieces: string[] = []
  const left: string[] = []
  let length = 0
  for (const { heading, words } of told) {
    const piece = heading === undefined ? words : `## ${heading}\n\n${words}`
    if (length + piece.length > MOST_INSTRUCTIONS) {
      left.push(heading ?? '')
      continue
    }
    length += piece.length
    pieces.push(piece)
  }
  if (left.length > 0)
    pieces.push(`Instructions that are too long to be told here: ${left.join(', ')}.`)
  return pieces.length === 0 ? undefined : pieces.join('\n\n')
}
