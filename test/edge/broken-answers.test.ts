// A tool server that answers a call with 200 and something that is no answer to it: nobody is handed that as a result, in either
// era. What fits into memory is refused in words, what is larger is broken off, and the replica is asked whether it is well.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ID_PLACE } from '#test/support/fuzz/answer-seeds.ts'
import { startBroken } from '#test/support/fuzz/broken-upstream.ts'
import {
  answerOf,
  legacyCall,
  modernCall,
  problemOf,
  type RawAnswer,
} from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { until } from '#test/support/until.ts'

const upstream = await startBroken()
const router = await runRouter(
  documents(
    clusterOf('broken', [upstream.url], { health: { interval: '1h', timeout: '5s' } }),
    serverOf('default', ['broken'], { naming: 'plain' }),
  ),
)
await router.untilUp('broken', 1)

after(async () => {
  await router.close()
  await upstream.close()
})

const RESULT = `{"jsonrpc":"2.0","id":${ID_PLACE},"result":{"content":[],"resultType":"complete"}}`
const LARGE = RESULT.replace('[]', `[{"type":"text","text":"${'x'.repeat(100_000)}"}]`)

/** Each makes something else of a right answer. */
const BROKEN: Readonly<Record<string, (right: string) => string>> = {
  'two values': right => right + right,
  'an end too early': right => right.slice(0, -1),
  'an end too late': right => `${right}}`,
  'garbage inside': right => right.replace('"resultType"', '"resultType'),
  'a control character': right => right.replace('complete', 'com\nplete'),
  'half a character': right => right.replace('complete', 'complete\xc3'),
  'a comma too many': right => right.replace('"}}', '",}}'),
  'another id': right => right.replace(ID_PLACE, '"somebody-else"'),
  'no id': right => right.replace(`"id":${ID_PLACE},`, ''),
  'an id twice': right => right.replace('}}', `},"id":${ID_PLACE}}`),
  'another protocol': right => right.replace('2.0', '1.0'),
  'result and error': right => right.replace('}}', '},"error":{"code":1,"message":"no"}}'),
  'an error without a code': right => right.replace(/"result".*$/, '"error":{"message":"no"}}'),
  'a batch': right => `[${right}]`,
}

const FORMS: Readonly<Record<string, (body: string) => string>> = {
  'of known length': body =>
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  'until the end': body =>
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n${body}`,
  'in an event': body =>
    `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\nid: 1\ndata: ${body}\n\n`,
}

let planned = 0

async function callWith(era: 'modern' | 'legacy', bytes: string): Promise<RawAnswer> {
  const plan = `plan${(planned += 1)}`
  upstream.plans.set(plan, { writes: [bytes], pauseMs: 0, end: 'finishes' })
  try {
    return await (era === 'modern' ? modernCall : legacyCall)(
      router.mcpUrl,
      'echo',
      { plan },
      { id: 'caller' },
    )
  } finally {
    upstream.plans.delete(plan)
  }
}

for (const era of ['modern', 'legacy'] as const) {
  test(`a right answer reaches a ${era} caller, whatever its form and its size`, async () => {
    for (const form of Object.values(FORMS))
      for (const right of [RESULT, LARGE]) {
        const answer = await callWith(era, form(right))
        const { id, result } = answerOf(answer)
        assert.deepEqual([answer.isCut, id, result?.['resultType']], [false, 'caller', 'complete'])
      }
  })

  for (const [what, broken] of Object.entries(BROKEN))
    test(`an answer with ${what} is handed to no ${era} caller`, async () => {
      for (const [form, framed] of Object.entries(FORMS)) {
        const answer = await callWith(era, framed(broken(RESULT)))
        const shown = `${form}: ${answer.body.toString()}`
        const problem = problemOf(answer)
        assert.deepEqual([answer.status, answer.isCut], [200, false], shown)
        assert.equal(answerOf(answer).id, 'caller', shown)
        assert.equal(problem?.code, 'RINGMAIN_UPSTREAM_BAD_RESPONSE', shown)
        assert.equal(problem.executed, 'unknown', shown)
        assert.equal(answer.body.toString().match(/"jsonrpc"/g)?.length, 1, shown)
        const large = await callWith(era, framed(broken(LARGE)))
        const isTold = large.isCut || problemOf(large)?.code === 'RINGMAIN_UPSTREAM_BAD_RESPONSE'
        assert.ok(isTold, `${form}, large: it ended as if it were whole`)
      }
    })
}

test('a replica that answers garbage is asked at once whether it is well, and it counts as its fault', async () => {
  const faults = async (): Promise<number> =>
    (await router.clusters()).items[0]?.endpoints[0]?.faults ?? 0
  const [before, discovered] = [await faults(), upstream.asked('server/discover')]
  await callWith('modern', FORMS['of known length']?.(`${RESULT}x`) ?? '')
  assert.equal(await faults(), before + 1)
  await until('the next check', () => upstream.asked('server/discover') > discovered)
})
