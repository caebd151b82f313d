// The schema file that editors complete and check policy documents with. Made from the same objects that the compiler
// checks with, minus what only our own check understands.
import { KINDS } from './kinds.ts'

/** For the first line of a document: `# yaml-language-server: $schema=../route-policy.schema.json`. */
export function makeEditorSchema(): string {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Ringmain policy document',
    description: 'Generated from routes/schema; do not edit.',
    oneOf: Object.values(KINDS).map(kind => forEditors(kind)),
  }
  return `${JSON.stringify(schema, undefined, 2)}\n`
}

/** Our own keywords go, and what has a default need not be written. */
function forEditors(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(inner => forEditors(inner))
  if (typeof schema !== 'object' || schema === null) return schema
  const entries = Object.entries(schema)
    .filter(([keyword]) => !keyword.startsWith('x-'))
    .map(([keyword, inner]) => [keyword, forEditors(inner)] as const)
  const { required, ...rest } = Object.fromEntries(entries) as Record<string, unknown>
  if (!Array.isArray(required)) return Object.fromEntries(entries)
  const properties = rest['properties'] as Record<string, object>
  const mustBeWritten = required.filter(
    key => !Object.hasOwn(properties[String(key)] ?? {}, 'default'),
  )
  return mustBeWritten.length === 0 ? rest : { ...rest, required: mustBeWritten }
}
