// Turns what the schema check reports into sentences: what was expected, what stands there, which known word is near.
// Where a value may have several shapes, only the complaints of the shape that was meant are kept.
import type { ErrorObject } from 'ajv/dist/2020.js'
import { httpUrlRefusal } from './http-url.ts'
import { suggestion } from './nearest.ts'
import { either, found, type Path, type Step } from './problems.ts'

export interface Breach {
  readonly path: Path
  readonly says: string
  readonly at: 'key' | 'value'
}

export function breaches(value: unknown, errors: readonly ErrorObject[]): Breach[] {
  const seen = new Set<string>() // Bounded by the number of errors.
  const kept: Breach[] = []
  for (const error of ofTheMeantShape(errors)) {
    const breach = toBreach(value, error)
    const key = JSON.stringify(breach.path)
    if (seen.has(key)) continue // A second complaint about one value adds nothing.
    seen.add(key)
    kept.push(breach)
  }
  return kept
}

const BRANCH = /^(.*\/anyOf)\/(\d+)\//

/** Drops the complaints of a shape whose very type is another one, and the sum of them when a shape was meant. */
function ofTheMeantShape(errors: readonly ErrorObject[]): ErrorObject[] {
  const notMeant = new Set<string>() // Bounded by the number of errors.
  for (const { keyword, instancePath, schemaPath } of errors) {
    const branch = BRANCH.exec(schemaPath)
    if (keyword === 'type' && branch !== null && schemaPath === `${branch[0]}type`)
      notMeant.add(`${instancePath} ${branch[1]}/${branch[2]}`)
  }
  const isOfOther = ({ instancePath, schemaPath }: ErrorObject): boolean => {
    const branch = BRANCH.exec(schemaPath)
    if (branch === null) return false
    return upwards(instancePath).some(path => notMeant.has(`${path} ${branch[1]}/${branch[2]}`))
  }
  const isSumOfMeant = ({ keyword, instancePath, schemaPath, schema }: ErrorObject): boolean =>
    keyword === 'anyOf' &&
    (schema as readonly unknown[]).some(
      (_, index) => !notMeant.has(`${instancePath} ${schemaPath}/${index}`),
    )
  return errors.filter(error => !isOfOther(error) && !isSumOfMeant(error) && !isNoise(error))
}

/** What follows from another complaint, or would be filled in were the rest right. */
function isNoise({ keyword, params, parentSchema, data }: ErrorObject): boolean {
  const properties = ((parentSchema as Shape)['properties'] ?? {}) as Readonly<
    Record<string, Shape>
  >
  if (keyword === 'required')
    return properties[String(params['missingProperty'])]?.['default'] !== undefined
  // One known key beside unknown ones: too many keys, but the unknown ones are reported and are the cause.
  if (keyword !== 'maxProperties') return false
  return Object.keys(properties).filter(key => Object.hasOwn(data as object, key)).length < 2
}

/** The path itself, then each one above it. */
function upwards(path: string): string[] {
  const paths = [path]
  for (let end = path.lastIndexOf('/'); end >= 0; end = path.lastIndexOf('/', end - 1)) {
    paths.push(path.slice(0, end))
    if (end === 0) break
  }
  return paths
}

function toBreach(value: unknown, error: ErrorObject): Breach {
  const path = stepsOf(value, error.instancePath)
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params['additionalProperty'])
    const known = Object.keys((error.parentSchema?.['properties'] as object | undefined) ?? {})
    const says = `unknown key${suggestion(key, known, `; known here: ${known.join(', ')}`)}`
    return { path: [...path, key], says, at: 'key' }
  }
  if (error.keyword === 'required') {
    const key = String(error.params['missingProperty'])
    const properties = error.parentSchema?.['properties'] as Record<string, Shape> | undefined
    return {
      path: [...path, key],
      says: `missing; expected ${expected(properties?.[key])}`,
      at: 'key',
    }
  }
  return { path, says: sentence(error), at: 'value' }
}

type Shape = Readonly<Record<string, unknown>>

function sentence(error: ErrorObject): string {
  const shape = error.parentSchema as Shape
  switch (error.keyword) {
    case 'enum': {
      const words = error.schema as readonly string[]
      const near = typeof error.data === 'string' ? suggestion(error.data, words, '') : ''
      return `expected ${either(words)}, got ${found(error.data)}${near}`
    }
    case 'maxLength':
      return `expected ${expected(shape)}, got ${(error.data as string).length} characters`
    case 'x-http-url':
      return httpUrlRefusal(error.data as string) ?? 'not a URL that can be called'
    case 'minItems':
    case 'maxItems':
      return `expected ${error.keyword === 'minItems' ? 'at least' : 'at most'} ${String(error.schema)} in the list, got ${(error.data as readonly unknown[]).length}`
    case 'uniqueItems':
      return 'the same value stands twice in the list'
    case 'minProperties':
    case 'maxProperties':
      return oneOfKeys(error)
    default:
      return `expected ${expected(shape)}, got ${found(error.data)}`
  }
}

function oneOfKeys(error: ErrorObject): string {
  const shape = error.parentSchema as Shape
  const known = Object.keys(shape['properties'] as object)
  const given = Object.keys(error.data as object)
  const got = given.length === 0 ? 'none' : given.filter(key => known.includes(key)).join(' and ')
  const many = shape['maxProperties'] === undefined ? 'at least' : 'exactly'
  return `expected ${many} one of ${known.join(', ')}; got ${got}`
}

/** In words, what the schema wants there. */
function expected(shape: Shape | undefined): string {
  if (shape === undefined) return 'a value'
  if (typeof shape['x-expects'] === 'string') return shape['x-expects']
  if (typeof shape['const'] === 'string') return shape['const']
  if (Array.isArray(shape['enum'])) return either(shape['enum'] as string[])
  switch (shape['type']) {
    case 'object':
      return `a mapping with ${Object.keys((shape['properties'] as object | undefined) ?? {}).join(', ')}`
    case 'array':
      return 'a list'
    default:
      return `a ${String(shape['type'])}`
  }
}

/** A JSON pointer as steps; only the value tells an index from a key. */
function stepsOf(value: unknown, pointer: string): Step[] {
  const steps: Step[] = []
  let here: unknown = value
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const step = Array.isArray(here) ? Number(key) : key
    steps.push(step)
    here = (here as Record<Step, unknown> | undefined)?.[step]
  }
  return steps
}
