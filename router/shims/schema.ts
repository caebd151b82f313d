// What every shim of schemas must know of one: a definition may refer to a part of itself, and to nothing outside.

export type Schema = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Of references that lead to references. */
const LONGEST_WAY = 16

/** What a local reference names; undefined where that is nothing, or not here. */
export function referred(reference: unknown, root: Schema): unknown {
  if (typeof reference !== 'string' || !/^#(?:\/|$)/.test(reference)) return undefined
  let found: unknown = root
  for (const step of reference.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    const inside: unknown = Array.isArray(found) || isObject(found) ? found : undefined
    if (inside === undefined || !Object.hasOwn(inside as object, key)) return undefined
    found = (inside as Schema)[key]
  }
  return found
}

/** The schema that is meant, where it is one that only refers to another. */
export function targetOf(schema: Schema, root: Schema): Schema {
  let target = schema
  for (let steps = 0; steps < LONGEST_WAY && '$ref' in target; steps += 1) {
    const next = referred(target['$ref'], root)
    if (!isObject(next)) return target
    const { $ref: _, ...beside } = target
    target = { ...next, ...beside }
  }
  return target
}
