// Where two sessions differ, field by field, but for what the protocol tells an intermediary to add or to make anew.
import { isDeepStrictEqual } from 'node:util'
import type { Steps } from './session.ts'

/** Of a result: how long it may be kept and by whom, and who answered. The router answers for itself. */
const MAY_DIFFER: ReadonlySet<string> = new Set([
  'ttlMs',
  'cacheScope',
  'io.modelcontextprotocol/serverInfo',
])

/** One line a field: `step: path: direct is … through is …`. */
export function differences(direct: Steps, through: Steps): readonly string[] {
  const names = (steps: Steps): readonly string[] => steps.map(([step]) => step)
  if (!isDeepStrictEqual(names(direct), names(through)))
    return [`the steps: direct is ${names(direct).join()} through is ${names(through).join()}`]
  return direct.flatMap(([step, gave], index) => fields(`${step}: `, gave, through[index]?.[1]))
}

function fields(path: string, direct: unknown, through: unknown): readonly string[] {
  if (isDeepStrictEqual(direct, through) || (saysNothing(direct) && saysNothing(through))) return []
  if (!isObject(direct) || !isObject(through) || Array.isArray(direct) !== Array.isArray(through))
    return [`${path} direct is ${show(direct)} through is ${show(through)}`]
  const keys = new Set([...Object.keys(direct), ...Object.keys(through)])
  return [...keys]
    .filter(key => !MAY_DIFFER.has(key))
    .flatMap(key => fields(`${path}.${key}`, direct[key], through[key]))
}

/** Absent, or with nothing in it but what may differ, as a `_meta` that says who answered. */
const saysNothing = (value: unknown): boolean =>
  value === undefined ||
  (isObject(value) && !Array.isArray(value) && Object.keys(value).every(key => MAY_DIFFER.has(key)))

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const show = (value: unknown): string => (JSON.stringify(value) ?? 'absent').slice(0, 120)
