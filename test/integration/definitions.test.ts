// A definition is left out of a list exactly where the official client of the legacy era would read no list that holds it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ListPromptsResultSchema,
  ListResourcesResultSchema,
  ListResourceTemplatesResultSchema,
  ListToolsResultSchema,
} from '@modelcontextprotocol/sdk/types.js'
import * as fc from 'fast-check'
import { readableItems } from '#router/eras/readable-items.ts'
import { listedBy } from '#router/methods.ts'
import { jsonValue, runOf } from '#test/support/properties.ts'

const CLIENTS = {
  'tools/list': ListToolsResultSchema,
  'prompts/list': ListPromptsResultSchema,
  'resources/list': ListResourcesResultSchema,
  'resources/templates/list': ListResourceTemplatesResultSchema,
}

const GOOD: Readonly<Record<string, unknown>> = {
  name: 'a',
  uri: 'a:b',
  uriTemplate: 'a:{b}',
  title: 't',
  description: 'd',
  mimeType: 'text/plain',
  size: 5,
  icons: [{ src: 's', mimeType: 'm', sizes: ['48x48'], theme: 'dark' }],
  _meta: { x: 1 },
  inputSchema: { type: 'object', properties: { a: {} }, required: ['a'], more: 1 },
  outputSchema: { type: 'object', properties: { a: { type: 'string' } } },
  execution: { taskSupport: 'optional' },
  arguments: [{ name: 'a', description: 'd', required: true }],
  more: [1],
}
const HINTS = { title: 't', readOnlyHint: true, destructiveHint: false, idempotentHint: true }
const NOTES = { audience: ['user'], priority: 0.5, lastModified: '2025-01-12T15:00:58.5+01:00' }

/** Places of a value, each with the keys that lead there. */
function placesIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  const inner = Object.entries(value).flatMap(([key, one]) => placesIn(one, [...path, key]))
  return path.length === 0 ? inner : [path, ...inner]
}

/** The value with another one at that place, or with none there. */
function changed(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<
    string,
    unknown
  >
  const inner = changed(copy[key], rest, by)
  if (inner === undefined) delete copy[key]
  else copy[key] = inner
  return copy
}

for (const [method, client] of Object.entries(CLIENTS))
  test(`${method}: what is left out is what the official client cannot read`, t => {
    const { member, key } = listedBy(method) ?? assert.fail(method)
    const good = { ...GOOD, annotations: member === 'tools' ? HINTS : NOTES }
    const counts = { kept: 0, leftOut: 0 }
    fc.assert(
      fc.property(
        fc.constantFrom(...placesIn(good)),
        fc.oneof(fc.constant(undefined), jsonValue(2), fc.constantFrom('object', true, 0.5, 'x')),
        (path, by) => {
          const definition = changed(good, path, by) as Readonly<Record<string, unknown>>
          fc.pre(typeof definition[key] === 'string') // without it there is nothing to be called by
          const output = definition['outputSchema'] as { type?: unknown } | undefined
          fc.pre(member !== 'tools' || output === undefined || output?.type === 'object') // else it is said another way
          const item = { own: 'a', definition: Buffer.from(JSON.stringify(definition)) }
          const isKept = readableItems([item], member, 'legacy').items.length === 1
          const isRead = client.safeParse({ [member]: [definition] }).success
          assert.equal(isKept, isRead, JSON.stringify(definition))
          counts[isKept ? 'kept' : 'leftOut'] += 1
        },
      ),
      runOf(t, 600),
    )
    t.diagnostic(JSON.stringify(counts))
    assert.ok(counts.kept > 20 && counts.leftOut > 20)
  })
