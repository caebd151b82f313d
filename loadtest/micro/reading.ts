// What it costs to read a request: the guards on HTTP and JSON, the parse, and the headers held against the body.
import { seededRandom } from '#foundation/clock.ts'
import { JsonGuard } from '#router/eras/json-guard.ts'
import { readMessage } from '#router/eras/message.ts'
import { modernCodec } from '#router/eras/modern/codec.ts'
import { guardHead } from '#router/listeners/http-guard.ts'
import type { Work } from './batches.ts'
import { callOf, HEADERS, SIZES } from './bodies.ts'

/** What a machine is measured by: the parse of a small call, and what it cost where the bars were set. */
export const YARDSTICK = { name: 'JSON.parse 340 B', ns: 1_000 } as const

/** A guard that costs twice the parse behind it would be no guard against cost. */
const GUARD_BAR_NS = { '340 B': 2_000, '1 KB': 7_000, '7 KB': 54_000, '72 KB': 540_000 }
const HTTP_GUARD_BAR_NS = 2_000
const COMPARE_BAR_NS = 600

export function readingWorks(): readonly Work[] {
  const guard = new JsonGuard(seededRandom(1))
  const sized = SIZES.flatMap(([name, bytes]): readonly Work[] => {
    const body = callOf(bytes)
    const barNs = GUARD_BAR_NS[name as keyof typeof GUARD_BAR_NS]
    return [
      {
        name: `JSON.parse ${name}`,
        run: () => JSON.parse(body.toString()) as unknown,
      },
      { name: `JSON guard ${name}`, run: () => guard.check(body), barNs },
      {
        name: `readMessage ${name}`,
        run: () => readMessage(body, guard),
        barNs: 2 * barNs,
      },
    ]
  })
  return [...sized, httpGuard(), headerCompare(guard)]
}

function httpGuard(): Work {
  const head = {
    method: 'POST',
    url: '/mcp',
    httpVersion: '1.1',
    headers: HEADERS,
    fields: Object.entries(HEADERS).flat(),
  }
  return { name: 'HTTP guard', run: () => guardHead(head), barNs: HTTP_GUARD_BAR_NS }
}

function headerCompare(guard: JsonGuard): Work {
  const read = readMessage(callOf(340), guard)
  if (read.kind !== 'ok') throw new Error(`the call is refused: ${read.refusal.code}`)
  return {
    name: 'headers against body',
    run: () => modernCodec.decode(read.value, HEADERS),
    barNs: COMPARE_BAR_NS,
  }
}
