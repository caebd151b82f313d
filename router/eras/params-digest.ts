// A digest of what a call asks for: the same however its JSON is spelt and its keys are ordered, and another for every other value. Numbers
// count as they are written, since two that JavaScript cannot tell apart are two.
import { createHash, type Hash } from 'node:crypto'
import type { Message } from '#router/facts.ts'
import { eachElement, eachMember, isArrayAt, isObjectAt, skipValue } from './json-spans.ts'

/** What differs between the rounds of one call. */
const OF_A_ROUND: ReadonlySet<string> = new Set(['inputResponses', 'requestState', '_meta'])
const NONE: ReadonlySet<string> = new Set()

export function paramsDigest({ body, spans }: Message): string {
  const hash = createHash('sha256')
  if (spans.params !== undefined) object(hash, body, { at: spans.params.start, less: OF_A_ROUND })
  return hash.digest('base64url')
}

/** Goes as deep as the guard lets a body be. */
function value(hash: Hash, body: Buffer, at: number): void {
  if (isObjectAt(body, at)) object(hash, body, { at, less: NONE })
  else if (isArrayAt(body, at)) {
    hash.update('[')
    eachElement(body, at, ({ start }) => {
      value(hash, body, start)
      hash.update(',')
    })
    hash.update(']')
  } else hash.update(scalar(body.toString('utf8', at, skipValue(body, at))))
}

function object(
  hash: Hash,
  body: Buffer,
  { at, less }: { readonly at: number; readonly less: ReadonlySet<string> },
): void {
  const members: (readonly [key: string, at: number])[] = []
  eachMember(body, at, (key, { start }) => {
    if (!less.has(key)) members.push([key, start])
  })
  members.sort(([one], [other]) => (one < other ? -1 : 1)) // the guard lets no key stand twice
  hash.update('{')
  for (const [key, start] of members) {
    hash.update(`${JSON.stringify(key)}:`)
    value(hash, body, start)
    hash.update(',')
  }
  hash.update('}')
}

const scalar = (json: string): string =>
  json.startsWith('"') ? JSON.stringify(JSON.parse(json)) : json
