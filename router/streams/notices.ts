// A notification of a tool server as one caller has it: under the number of the caller's own subscription, with its own name of the
// resource, and every other byte as it came.
import { eachMember, firstValue, isObjectAt } from '#router/eras/json-spans.ts'
import { META } from '#router/eras/versions.ts'

export interface Addressed {
  /** Of a modern caller's subscription, as JSON. */
  readonly subscriptionJson?: string
  /** What the caller calls the resource. */
  readonly uri?: string
}

/** Undefined where a member stands twice: two readers would read two messages. */
export function noticeFor(json: Buffer, to: Addressed): string | undefined {
  let params = ''
  const outer = members(json, firstValue(json), (key, text, at) => {
    if (key !== 'params') return text
    params = isObjectAt(json, at) ? paramsFor(json, at, to) : text
    return params
  })
  if (outer === undefined || params === TWICE) return undefined
  const added = to.subscriptionJson === undefined || params !== '' ? [] : [`"params":${metaOf(to)}`]
  return `{${[...outer, ...added].join()}}`
}

const TWICE = 'twice'

function paramsFor(json: Buffer, at: number, to: Addressed): string {
  let hasMeta = false
  let isTwice = false
  const kept = members(json, at, (key, text, value) => {
    if (key === 'uri' && to.uri !== undefined) return JSON.stringify(to.uri)
    if (key !== '_meta') return text
    hasMeta = true
    const inner = isObjectAt(json, value)
      ? members(json, value, (name, its) => (name === META.subscriptionId ? undefined : its))
      : []
    isTwice = inner === undefined
    const all = [...(inner ?? []), ...subscription(to)]
    return all.length === 0 ? undefined : `{${all.join()}}`
  })
  if (kept === undefined || isTwice) return TWICE
  const added =
    hasMeta || to.subscriptionJson === undefined ? [] : [`"_meta":{${subscription(to).join()}}`]
  return `{${[...kept, ...added].join()}}`
}

const subscription = ({ subscriptionJson }: Addressed): readonly string[] =>
  subscriptionJson === undefined ? [] : [`"${META.subscriptionId}":${subscriptionJson}`]

const metaOf = (to: Addressed): string => `{"_meta":{${subscription(to).join()}}}`

/** Each member as text, with the value that `say` gives it; undefined when a key stands twice. */
function members(
  json: Buffer,
  at: number,
  say: (key: string, text: string, valueAt: number) => string | undefined,
): string[] | undefined {
  const seen = new Set<string>()
  const kept: string[] = []
  let isTwice = false
  eachMember(json, at, (key, { start, end }) => {
    isTwice ||= seen.has(key)
    seen.add(key)
    const value = say(key, json.toString('utf8', start, end), start)
    if (value !== undefined) kept.push(`${JSON.stringify(key)}:${value}`)
  })
  return isTwice ? undefined : kept
}
