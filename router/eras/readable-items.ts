// Of the definitions of a page, those that a client of the caller's era can read, said as that era says them.
import type { Span } from '#router/facts.ts'
import type { Item, LeftOut, Listed } from '#router/methods.ts'
import type { Era } from '#routes/route-table.ts'
import { faultIn } from './definition-faults.ts'
import { JsonScan } from './json-scan.ts'
import { eachMember, splice } from './json-spans.ts'
import { isRecord } from './message.ts'

export interface ReadableItems {
  readonly items: readonly Item[]
  readonly leftOut?: readonly LeftOut[]
}

/** One that is left out hides only itself. */
export function readableItems(
  items: readonly Item[],
  member: Listed['member'],
  era: Era,
): ReadableItems {
  const kept: Item[] = []
  const leftOut: LeftOut[] = []
  for (const item of items) {
    if (isTooDeep(item.definition)) {
      leftOut.push({ own: item.own, why: 'it is nested too deep' })
      continue
    }
    const value = JSON.parse(item.definition.toString()) as Readonly<Record<string, unknown>>
    const said = member === 'tools' && era === 'legacy' ? legacyTool(item, value) : item
    const read = said === item ? value : withoutOutput(value)
    const fault = faultIn(read, member, era)
    if (fault === undefined) kept.push(said)
    else leftOut.push({ own: item.own, why: `no client reads its ${fault}` })
  }
  return { items: kept, ...(leftOut.length === 0 ? {} : { leftOut }) }
}

/** As deep as a caller's parser goes, and what names its views on the way. */
function isTooDeep(definition: Buffer): boolean {
  const scan = new JsonScan()
  scan.watch = 0
  scan.run(definition, 0, definition.length)
  return !scan.isWhole
}

/** What is said another way is read as it will be said. */
const withoutOutput = (
  value: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> => ({ ...value, outputSchema: { type: 'object' } })

/** What refers to a place in its schema would mean another one if that stood deeper. */
const REFERS = /"\$(?:ref|dynamicRef|recursiveRef|id|anchor|dynamicAnchor|schema)"/

/** There the structured content is an object, and what is none is put into one (`bridge/downward.ts`); so is its schema, or it is not told. */
function legacyTool(item: Item, { outputSchema }: Readonly<Record<string, unknown>>): Item {
  if (!isRecord(outputSchema) || outputSchema['type'] === 'object') return item
  const { definition } = item
  let schema: Span | undefined
  eachMember(definition, 0, (key, value) => {
    if (key === 'outputSchema') schema = value
  })
  if (schema === undefined) return item
  const json = definition.toString('utf8', schema.start, schema.end)
  const by = REFERS.test(json) ? ANYTHING : inResult(json)
  return { ...item, definition: splice(definition, [{ span: schema, by }]) }
}

const ANYTHING = '{"type":"object"}'
const inResult = (json: string): string =>
  `{"type":"object","properties":{"result":${json}},"required":["result"]}`
