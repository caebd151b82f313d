// Input schemas without `anyOf`, `oneOf` and `allOf` at their top, for models that take none there: the request of an assistant is refused
// with all its tools (Anthropic's API: claude-code#5973, #56174; notion-mcp-server#341). Arguments that fit none of the alternatives are for the
// tool server to refuse, which knows its own schema.
import { isObject, type Schema, targetOf } from './schema.ts'

const ALTERNATIVES = ['anyOf', 'oneOf'] as const
/** Of alternatives within alternatives. */
const DEEPEST = 8
/** Looks at schemas and properties of one definition. One that takes more stays as it is: references that double grow without end. */
const MOST_LOOKS = 20_000

/** The same object where there is nothing to change. */
export function flatSchema(schema: Schema): Schema {
  const isFlat = !('allOf' in schema) && ALTERNATIVES.every(keyword => !(keyword in schema))
  if (isFlat) return schema
  const looking: Looking = { root: schema, left: MOST_LOOKS }
  const flat = { ...flattened(schema, looking), type: 'object' }
  return looking.left < 0 ? schema : flat
}

interface Looking {
  readonly root: Schema
  /** Below 0: what has been found is not all. */
  left: number
}

interface Parts {
  readonly properties: Map<string, unknown>
  readonly required: Set<string>
}

function flattened(schema: Schema, looking: Looking): Schema {
  const { allOf: _all, anyOf: _any, oneOf: _one, ...rest } = schema
  const { properties, required } = partsOf(schema, looking, 0)
  return {
    ...rest,
    ...(properties.size > 0 ? { properties: Object.fromEntries(properties) } : {}),
    ...(required.size > 0 ? { required: [...required] } : {}),
  }
}

/** What may be given at all, and what must be given whichever of the alternatives is meant. */
function partsOf(schema: Schema, looking: Looking, depth: number): Parts {
  const { properties: own, required: needed } = schema
  const parts: Parts = {
    properties: new Map(isObject(own) ? Object.entries(own) : []),
    required: new Set(Array.isArray(needed) ? needed.filter(name => typeof name === 'string') : []),
  }
  looking.left -= 1 + parts.properties.size + parts.required.size
  if (depth === DEEPEST || looking.left < 0) return parts
  const inside = (keyword: string): readonly Parts[] => {
    const list = schema[keyword]
    if (!Array.isArray(list)) return []
    const { root } = looking
    return list.map(one => partsOf(isObject(one) ? targetOf(one, root) : {}, looking, depth + 1))
  }
  for (const part of inside('allOf')) {
    addProperties(parts, part, looking)
    for (const name of part.required) parts.required.add(name)
  }
  for (const keyword of ALTERNATIVES) {
    const all = inside(keyword)
    for (const part of all) addProperties(parts, part, looking)
    const [first, ...others] = all.map(({ required }) => required)
    for (const name of first ?? [])
      if (others.every(other => other.has(name))) parts.required.add(name)
  }
  return parts
}

/** What several alternatives say of one property is all possible. */
function addProperties({ properties }: Parts, { properties: more }: Parts, looking: Looking): void {
  for (const [name, schema] of more) {
    looking.left -= 1 + alternativesOf(properties.get(name)).length
    if (looking.left < 0) return
    const known = properties.get(name)
    if (known === undefined) properties.set(name, schema)
    else if (JSON.stringify(known) !== JSON.stringify(schema))
      properties.set(name, { anyOf: [...alternativesOf(known), schema] })
  }
}

const alternativesOf = (schema: unknown): readonly unknown[] =>
  isObject(schema) && Object.keys(schema).length === 1 && Array.isArray(schema['anyOf'])
    ? (schema['anyOf'] as readonly unknown[])
    : [schema]
