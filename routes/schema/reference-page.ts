// The reference page of policy documents: every field with its type, default and meaning, straight from the schemas.
import { API_VERSION } from './document.ts'
import { KINDS, UNREAD_KINDS } from './kinds.ts'

type Shape = Readonly<Record<string, unknown>>

export function makePolicyReference(): string {
  const kinds: readonly (readonly [string, Shape])[] = Object.entries<object>(KINDS).map(
    ([kind, schema]) => [kind, schema as Shape],
  )
  return `${[
    '<!-- Generated from routes/schema; do not edit. -->',
    '# Policy documents',
    `A policy document is YAML with \`apiVersion: ${API_VERSION}\`, a \`kind\`, \`metadata\` and a \`spec\`. A file holds one or several, with \`---\` between them. The router reads every \`*.yaml\` and \`*.yml\` file of its policy folder, but not of folders inside it, and takes up changes while it runs.`,
    'An unknown key is an error, and so is a policy that could not take effect. All problems are reported at once, each with file, line, column and field. As long as there is one, the table before the change stays in force.',
    'A duration is a whole number with its unit: `250ms`, `3s`, `5m`, `1h`.',
    `This release reads ${kinds.map(([kind]) => `[${kind}](#${kind.toLowerCase()})`).join(', ')}. Documents of kind ${UNREAD_KINDS.join(', ')} are refused: a policy that is not applied must not look as if it were.`,
    'Annotated examples are in `routes/policies/`; `routes/route-policy.schema.json` lets an editor complete and check documents.',
    ...kinds.map(([kind, schema]) => section(kind, schema)),
  ].join('\n\n')}\n`
}

function section(kind: string, schema: Shape): string {
  const rows = fieldsOf(schema, '').filter(
    ({ field }) => field !== 'kind' && field !== 'apiVersion',
  )
  return [
    `## ${kind}`,
    String(schema['description']),
    [
      '| field | what it holds | default | meaning |',
      '| --- | --- | --- | --- |',
      ...rows.map(
        ({ field, holds, fallback, meaning }) =>
          `| \`${field}\` | ${cell(holds)} | ${cell(fallback)} | ${cell(meaning)} |`,
      ),
    ].join('\n'),
  ].join('\n\n')
}

/** Every field of a kind, as `spec.discovery.endpoints[].url`. */
export function fieldNames(schema: object): string[] {
  return fieldsOf(schema as Shape, '').map(({ field }) => field)
}

interface Row {
  readonly field: string
  readonly holds: string
  readonly fallback: string
  readonly meaning: string
}

function fieldsOf(schema: Shape, prefix: string): Row[] {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Shape>>
  const required = (schema['required'] ?? []) as readonly string[]
  return Object.entries(properties).flatMap(([key, inner]) => {
    const field = prefix === '' ? key : `${prefix}.${key}`
    const isRequired = required.includes(key)
    return [rowOf(field, inner, isRequired), ...insideOf(inner, field)]
  })
}

/** The fields below a field: of a mapping, or of the items of a list that may be mappings. */
function insideOf(schema: Shape, field: string): Row[] {
  const items = schema['items'] as Shape | undefined
  if (items !== undefined) return insideOf(items, `${field}[]`)
  const shapes = (schema['anyOf'] as readonly Shape[] | undefined) ?? [schema]
  return shapes.flatMap(shape => fieldsOf(shape, field))
}

function rowOf(field: string, schema: Shape, isRequired: boolean): Row {
  const { default: fallback, description = '' } = schema
  const isScalar = typeof fallback === 'string' || typeof fallback === 'number'
  return {
    field,
    holds: holdsOf(schema),
    fallback: isScalar ? `\`${fallback}\`` : isRequired && fallback === undefined ? 'required' : '',
    meaning: description as string,
  }
}

function holdsOf(schema: Shape): string {
  const expects = schema['x-expects']
  // An example helps in a message; in a table it only repeats itself.
  if (typeof expects === 'string') return expects.replace(/, such as .*$/, '')
  if (Array.isArray(schema['enum'])) return schema['enum'].map(word => `\`${word}\``).join(', ')
  if (schema['type'] === 'array') return `a list, each ${holdsOf(schema['items'] as Shape)}`
  return schema['type'] === 'object' ? 'a mapping' : String(schema['const'] ?? schema['type'])
}

const cell = (text: string): string => text.replaceAll('|', '\\|')
