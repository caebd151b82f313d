// Input schemas without `anyOf`, `oneOf` and `allOf` at their top, for models that take none there: the request of an assistant is refused
// with all its tools (Anthropic's API: claude-code#5973, #56174; notion-mcp-server#341). Arguments that fit none of the alternatives are for the
// tool server to refuse, which knows its own schema.
import { isObject, type Schema, targetOf } from './schema.ts'

const ALTERNATIVES = ['anyOf', 'oneOf'] as const
/** Of alternatives within alternatives. */
const DEEPEST = 8

/** The same object where there is nothing to change. */
export function flatSchema(schema: Schema): Schema {
  const isFlat = !('allOf' in schema) && ALTERNATIVES.every(keyword => !(keyword in schema))
  return isFlat ? schema : { ...flattened(schema, schema, 0), type: 'object' }
}

interface Parts {
  readonly properties: Map<string, unknown>
  required: ReadonlySet<string>
}

function flattened(schema: Schema, root: Schema, depth: number): Schema {
  const { allOf: _all, anyOf: _any, oneOf: _one, ...rest } = schema
  const { properties, required } = partsOf(schema, root, depth)
  return {
    ...rest,
    ...(properties.size > 0 ? { properties: Object.fromEntries(properties) } : {}),
    ...(required.size > 0 ? { required: [...required] } : {}),
  }
}

/** What may be given at all, and what must be given whichever of the alternatives is meant. */
function partsOf(schema: Schema, root: Schema, depth: number): Parts {
  const { properties: own, required: needed } = schema
  const parts: Parts = {
    properties: new Map(isObject(own) ? Object.entries(own) : []),
    required: new Set(Array.isArray(needed) ? needed.filter(name => typeof name === 'string') : []),
  }
  if (depth === DEEPEST) return parts
  const inside = (keyword: string): readonly Parts[] => {
    const list = schema[keyword]
    if (!Array.isArray(list)) return []
    return list.map(one => partsOf(isObject(one) ? targetOf(one, root) : {}, root, depth + 1))
  }
  for (const part of inside('allOf')) {
    addProperties(parts, part)
    parts.required = parts.required.union(part.required)
  }
  for (const keyword of ALTERNATIVES) {
    const all = inside(keyword)
    for (const part of all) addProperties(parts, part)
    const [first, ...others] = all.map(({ required }) => required)
    if (first !== undefined)
      parts.required = parts.required.union(
        others.reduce((common, other) => common.intersection(other), first),
      )
  }
  return parts
}

/** What several alternatives say of one property is all possible. */
function addProperties({ properties }: Parts, { properties: more }: Parts): void {
  for (const [name, schema] of more) {
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
