// Input schemas without `$ref`, for models that follow none, or none with anything beside it (Gemini: gemini-cli#13326, opencode#12295).
// What refers to itself is let end: an object of which nothing is said.
import { isObject, referred, type Schema } from './schema.ts'

/** Values of one schema, when all that it refers to stands in its place. A larger one stays as it is: references that double grow without end. */
const MOST_VALUES = 20_000
/** As deep as one value may stand within others then. */
const DEEPEST = 200
const DEFINITIONS: readonly string[] = ['$defs', 'definitions']
/** Their members have names of their own, and are no keywords. */
const NAMED: ReadonlySet<string> = new Set(['properties', 'patternProperties', 'dependentSchemas'])
/** What stands there is no schema. */
const DATA: ReadonlySet<string> = new Set(['const', 'default', 'enum', 'example', 'examples'])

/** The same object where there is nothing to change. */
export function inlinedSchema(schema: Schema): Schema {
  if (!JSON.stringify(schema).includes('"$ref"')) return schema
  const writing: Writing = { root: schema, isWhole: true, values: 0 }
  const inlined = write(schema, writing, TOP)
  if (!isObject(inlined) || !writing.isWhole) return schema
  return Object.fromEntries(Object.entries(inlined).filter(([key]) => !DEFINITIONS.includes(key)))
}

interface Writing {
  readonly root: Schema
  /** False: something was referred to that is not here, or it has grown too large. */
  isWhole: boolean
  values: number
}

interface At {
  /** The references that were followed to here. */
  readonly way: readonly unknown[]
  readonly depth: number
}

const TOP: At = { way: [], depth: 0 }

function write(value: unknown, writing: Writing, at: At): unknown {
  writing.values += 1
  if (writing.values > MOST_VALUES || at.depth > DEEPEST) writing.isWhole = false
  if (!writing.isWhole) return value
  const inside: At = { ...at, depth: at.depth + 1 }
  if (Array.isArray(value)) return value.map(one => write(one, writing, inside))
  if (!isObject(value)) return value
  const { $ref: reference, ...beside } = value
  if (reference === undefined) return members(value, writing, inside)
  const target = referred(reference, writing.root)
  if (!isObject(target)) writing.isWhole = false
  if (!isObject(target) || at.way.includes(reference)) return { ...OPEN, ...beside }
  const meant = write(target, writing, { ...inside, way: [...at.way, reference] })
  return { ...(meant as Schema), ...members(beside, writing, inside) }
}

const OPEN: Schema = { type: 'object' }

function members(schema: Schema, writing: Writing, at: At): Schema {
  const written = Object.entries(schema).map(([key, value]) => {
    if (DATA.has(key) || DEFINITIONS.includes(key)) return [key, value] as const
    if (!NAMED.has(key) || !isObject(value)) return [key, write(value, writing, at)] as const
    const named = Object.entries(value).map(
      ([name, inner]) => [name, write(inner, writing, at)] as const,
    )
    return [key, Object.fromEntries(named)] as const
  })
  return Object.fromEntries(written)
}
