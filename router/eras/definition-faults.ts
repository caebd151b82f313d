// What of a definition no client can read. The official ones read a list as a whole, so that one such definition would cost them all the
// others; it is left out, and told to whoever runs the router. What they would read in one way or another is theirs to judge.
import type { Listed } from '#router/methods.ts'
import type { Era } from '#routes/route-table.ts'
import { isRecord } from './message.ts'

type Fits = (value: unknown) => boolean
type Shape = Readonly<Record<string, Fits>>

const text: Fits = value => typeof value === 'string'
const flag: Fits = value => typeof value === 'boolean'
const number: Fits = value => typeof value === 'number'
const object: Fits = isRecord
const listOf =
  (fits: Fits): Fits =>
  value =>
    Array.isArray(value) && value.every(fits)
const oneOf =
  (...words: readonly string[]): Fits =>
  value =>
    words.includes(value as string)
const shaped =
  (shape: Shape, required: readonly string[] = []): Fits =>
  value =>
    isRecord(value) && misfit(value, shape, required) === undefined
const share: Fits = value => typeof value === 'number' && value >= 0 && value <= 1
const moment: Fits = value =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/.test(value)

const ICON = shaped(
  { src: text, mimeType: text, sizes: listOf(text), theme: oneOf('light', 'dark') },
  ['src'],
)
const NAMED: Shape = {
  name: text,
  title: text,
  description: text,
  icons: listOf(ICON),
  _meta: object,
}
const SCHEMA: Shape = {
  type: oneOf('object'),
  properties: value => isRecord(value) && Object.values(value).every(isPart),
  required: listOf(text),
}
/** A schema may be `true` or `false` (JSON Schema, 4.3.2), and the official client of the legacy era reads no such property. */
const isPart: Fits = value => typeof value === 'object' && value !== null
const HINTS = shaped({
  title: text,
  readOnlyHint: flag,
  destructiveHint: flag,
  idempotentHint: flag,
  openWorldHint: flag,
})
const RESOURCE: Shape = {
  ...NAMED,
  mimeType: text,
  annotations: shaped({
    audience: listOf(oneOf('user', 'assistant')),
    priority: share,
    lastModified: moment,
  }),
}

const TOOL: Readonly<Record<Era, Shape>> = {
  modern: {
    ...NAMED,
    inputSchema: shaped({ $schema: text, type: oneOf('object') }, ['type']),
    outputSchema: shaped({ $schema: text }),
    annotations: HINTS,
  },
  legacy: {
    ...NAMED,
    inputSchema: shaped(SCHEMA, ['type']),
    outputSchema: shaped(SCHEMA, ['type']),
    annotations: HINTS,
    execution: shaped({ taskSupport: oneOf('required', 'optional', 'forbidden') }),
  },
}
const PROMPT: Shape = {
  ...NAMED,
  arguments: listOf(shaped({ name: text, description: text, required: flag }, ['name'])),
}

type Kind = { readonly shape: Readonly<Record<Era, Shape>>; readonly required: readonly string[] }

const both = (shape: Shape): Kind['shape'] => ({ modern: shape, legacy: shape })

const KINDS: Readonly<Record<Listed['member'], Kind>> = {
  tools: { shape: TOOL, required: ['name', 'inputSchema'] },
  prompts: { shape: both(PROMPT), required: ['name'] },
  resources: { shape: both({ ...RESOURCE, uri: text, size: number }), required: ['uri', 'name'] },
  resourceTemplates: {
    shape: both({ ...RESOURCE, uriTemplate: text }),
    required: ['uriTemplate', 'name'],
  },
}

/** The first member that a client of this era cannot read; undefined where it reads all of them. */
export function faultIn(
  definition: Readonly<Record<string, unknown>>,
  member: Listed['member'],
  era: Era,
): string | undefined {
  const { shape, required } = KINDS[member]
  return misfit(definition, shape[era], required)
}

/** Names what is missing, or is there and does not fit. */
function misfit(
  value: Readonly<Record<string, unknown>>,
  shape: Shape,
  required: readonly string[],
): string | undefined {
  const missing = required.find(key => !Object.hasOwn(value, key))
  if (missing !== undefined) return missing
  return Object.entries(shape).find(
    ([key, fits]) => Object.hasOwn(value, key) && !fits(value[key]),
  )?.[0]
}
