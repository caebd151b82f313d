// `--arg k=v` → the arguments of a tool, read by the tool's own input schema: the same text is a number for one tool
// and a word for another. `k:=json` says what it means itself. A wrong guess would be a wrong call, so doubt is refused.
import { nearest } from '#routes/compile/nearest.ts'
import { usageFailure } from './failure.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

export function parseArguments(
  given: readonly string[],
  schema: JsonSchema,
): Readonly<Record<string, unknown>> {
  const properties = schemaOf(schema['properties'])
  const values: Record<string, unknown> = {}
  for (const argument of given) {
    const { name, text, isJson } = mustSplit(argument)
    if (!Object.hasOwn(properties, name) && schema['additionalProperties'] === false) {
      throw unknownArgument(name, Object.keys(properties))
    }
    const property = schemaOf(properties[name])
    const value = isJson ? mustParseJson(name, text) : readText(name, text, property)
    const isList = !isJson && typesOf(property).includes('array')
    const before = Object.hasOwn(values, name) ? values[name] : undefined
    if (before !== undefined && !isList) {
      throw usageFailure(`argument ${name} is given twice`, `give ${name} once`)
    }
    // Defined, not assigned: a name such as __proto__ is a name like any other.
    Object.defineProperty(values, name, {
      value: isList ? [...(Array.isArray(before) ? before : []), value] : value,
      enumerable: true,
      writable: true,
      configurable: true,
    })
  }
  return values
}

/** Required arguments that are missing, so that a person hears of it without a round trip. */
export function missingArguments(
  values: Readonly<Record<string, unknown>>,
  schema: JsonSchema,
): readonly string[] {
  return requiredOf(schema).filter(name => !Object.hasOwn(values, name))
}

/** The arguments of a tool in few words: `query, [limit]`. */
export function namesOf(schema: JsonSchema): string {
  const required = requiredOf(schema)
  return Object.keys(schemaOf(schema['properties']))
    .map(name => (required.includes(name) ? name : `[${name}]`))
    .join(', ')
}

/** How the arguments of a tool are typed, for a usage line: `--arg query=… [--arg limit=…]`. */
export function usageOf(schema: JsonSchema): string {
  const required = requiredOf(schema)
  return Object.keys(schemaOf(schema['properties']))
    .map(name => (required.includes(name) ? `--arg ${name}=…` : `[--arg ${name}=…]`))
    .join(' ')
}

function requiredOf(schema: JsonSchema): readonly string[] {
  const required = schema['required']
  return Array.isArray(required) ? required.filter(name => typeof name === 'string') : []
}

function mustSplit(argument: string) {
  const at = argument.indexOf('=')
  if (at <= 0) {
    throw usageFailure(
      `an argument must look like name=value or name:=json, got ${JSON.stringify(argument)}`,
      '--arg query=hello',
    )
  }
  const isJson = argument[at - 1] === ':' && at > 1
  return { name: argument.slice(0, isJson ? at - 1 : at), text: argument.slice(at + 1), isJson }
}

function readText(name: string, text: string, property: JsonSchema): unknown {
  const types = typesOf(property)
  if (types.includes('array')) return readText(name, text, schemaOf(property['items']))
  // A schema that says nothing leaves the text as it is: whoever means a number writes `:=`.
  if (types.length === 0 || types.includes('string')) return text
  for (const type of types) {
    const value = readAs(type, text)
    if (value !== undefined) return value
  }
  const wanted = types.map(type => WANTED[type] ?? type).join(' or ')
  throw usageFailure(
    `argument ${name} must be ${wanted}, got ${JSON.stringify(text)}`,
    types.includes('object') ? `--arg '${name}:={…}'` : `--arg ${name}=…`,
  )
}

const WANTED: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: `JSON, written with := instead of =`,
  null: 'null',
}

function readAs(type: string, text: string): unknown {
  switch (type) {
    case 'integer':
      return /^-?[0-9]{1,15}$/.test(text) ? Number(text) : undefined
    case 'number':
      return /^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$/.test(text) ? Number(text) : undefined
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined
    case 'null':
      return text === 'null' ? null : undefined
    default:
      return undefined
  }
}

/** The types a property may have, looked for one level down where it offers a choice. */
function typesOf(property: JsonSchema): readonly string[] {
  const own = property['type']
  if (typeof own === 'string') return [own]
  if (Array.isArray(own)) return own.filter(type => typeof type === 'string')
  const choices = property['anyOf'] ?? property['oneOf']
  if (Array.isArray(choices)) return choices.flatMap(choice => typesOf(schemaOf(choice)))
  const values = Array.isArray(property['enum']) ? property['enum'] : []
  return [...new Set(values.map(value => (value === null ? 'null' : typeof value)))]
}

function schemaOf(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null ? (value as JsonSchema) : {}
}

function mustParseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw usageFailure(
      `argument ${name} is not JSON: ${JSON.stringify(text)}`,
      `--arg '${name}:=[1, 2]'`,
    )
  }
}

function unknownArgument(name: string, known: readonly string[]) {
  const near = nearest(name, known)
  const offer = known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`
  return usageFailure(
    `the tool has no argument ${JSON.stringify(name)}; ${offer}`,
    near === undefined ? undefined : `--arg ${near}=…`,
  )
}
