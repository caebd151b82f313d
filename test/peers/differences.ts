// Where two sessions differ, field by field, but for what the protocol tells an intermediary to add or to make anew.
import { isDeepStrictEqual } from 'node:util'
import type { Caller, Steps } from './script.ts'

/** Of a result: how long it may be kept and by whom, and who answered. The router answers for itself. */
const MADE_ANEW: readonly string[] = ['ttlMs', 'cacheScope', 'io.modelcontextprotocol/serverInfo']

/** Of capabilities: what the router itself can hear is told, and the tasks of 2025-11-25, which was their trial, are not carried. */
const OF_CAPABILITIES: readonly string[] = ['listChanged', 'subscribe', 'tasks']

/** What a client has of a result in one era and not in the other: some find out which, and take the router's own. */
const OF_AN_ERA: readonly string[] = ['execution', 'resultType']

/** One line a field: `step: path: direct is … through is …`. */
export function differences(
  direct: Steps,
  through: Steps,
  { findsOut }: Pick<Caller, 'findsOut'>,
): readonly string[] {
  const names = (steps: Steps): readonly string[] => steps.map(([step]) => step)
  if (!isDeepStrictEqual(names(direct), names(through)))
    return [`the steps: direct is ${names(direct).join()} through is ${names(through).join()}`]
  const always = findsOut ? [...MADE_ANEW, ...OF_AN_ERA] : MADE_ANEW
  return direct.flatMap(([step, gave], index) => {
    const mayDiffer = new Set(step === 'connect' ? [...always, ...OF_CAPABILITIES] : always)
    return fields({ path: `${step}: `, mayDiffer }, gave, through[index]?.[1])
  })
}

interface At {
  readonly path: string
  /** Names of members. */
  readonly mayDiffer: ReadonlySet<string>
}

function fields(at: At, direct: unknown, through: unknown): readonly string[] {
  const isNothing = saysNothing(at, direct) && saysNothing(at, through)
  if (isNothing || isDeepStrictEqual(direct, through)) return []
  if (!isObject(direct) || !isObject(through) || Array.isArray(direct) !== Array.isArray(through))
    return [`${at.path} direct is ${show(direct)} through is ${show(through)}`]
  const keys = new Set([...Object.keys(direct), ...Object.keys(through)])
  return [...keys]
    .filter(key => !at.mayDiffer.has(key))
    .flatMap(key => fields({ ...at, path: `${at.path}.${key}` }, direct[key], through[key]))
}

/** Absent, or with nothing in it but what may differ, as a `_meta` that says who answered. */
function saysNothing({ mayDiffer }: At, value: unknown): boolean {
  if (value === undefined) return true
  const keys = isObject(value) ? Object.keys(value) : []
  return keys.length > 0 && keys.every(key => mayDiffer.has(key))
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const show = (value: unknown): string => (JSON.stringify(value) ?? 'absent').slice(0, 120)
