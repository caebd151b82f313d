// Tool servers that answer calls as no server should: each is bounded, named, and survived, by the call, its caller and everybody else.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  answerWith,
  beginStream,
  eventOf,
  type HostileAnswer,
  type HostileServer,
  startHostile,
  toolResult,
} from '#test/support/hostile-server.ts'
import {
  answerOf,
  legacyCall,
  messagesOf,
  modernCall,
  problemOf,
  type RawAnswer,
} from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { until } from '#test/support/until.ts'

const ERAS = ['modern', 'legacy'] as const
const modern = await startHostile({}, ['modern'])
const legacy = await startHostile({}, ['legacy'])
const good = await startHostile()
const deadline = { default: '800ms', max: '1200ms' }
const patient = { deadline, health: { interval: '1h', timeout: '5s' } }
const router = await runRouter(
  documents(
    clusterOf('modern', [modern.url], patient),
    clusterOf('legacy', [legacy.url], patient),
    clusterOf('good', [good.url], patient),
    serverOf('modern', ['modern'], { naming: 'plain' }),
    serverOf('legacy', ['legacy'], { naming: 'plain' }),
    serverOf('good', ['good'], { naming: 'plain' }),
  ),
)
for (const name of ['modern', 'legacy', 'good']) await router.untilUp(name, 1)

after(async () => {
  await router.close()
  await Promise.all([modern, legacy, good].map(server => server.close()))
})

const SERVERS = { modern, legacy } as const

interface Pair {
  readonly name: string
  readonly server: HostileServer
  readonly isBridged: boolean
  readonly call: () => Promise<RawAnswer>
}

const PAIRS: readonly Pair[] = ERAS.flatMap(caller =>
  ERAS.map(upstream => ({
    name: `a ${caller} caller of a ${upstream} server`,
    server: SERVERS[upstream],
    isBridged: caller !== upstream,
    call: () =>
      (caller === 'modern' ? modernCall : legacyCall)(
        `${router.mcpUrl}/${upstream}`,
        'echo',
        {},
        { id: 'caller', progressToken: 'p' },
      ),
  })),
)

/** The server answers its next calls so, and then as it should again. */
async function answered({ server, call }: Pair, how: HostileAnswer): Promise<RawAnswer> {
  server.answers.set('tools/call', how)
  try {
    return await call()
  } finally {
    server.answers.delete('tools/call')
  }
}

async function isSurvived(pair: Pair): Promise<void> {
  for (const answer of [await pair.call(), await modernCall(`${router.mcpUrl}/good`, 'echo')])
    assert.deepEqual((answerOf(answer).result?.['content'] as unknown[])?.length, 1)
}

function isRefused(answer: RawAnswer, code: string): void {
  const shown = answer.body.subarray(-2_000).toString()
  assert.deepEqual([answer.status, answer.isCut], [200, false], shown)
  assert.equal(answerOf(answer).id, 'caller', shown)
  const problem = problemOf(answer)
  assert.deepEqual([problem?.code, problem?.executed], [code, 'unknown'], shown)
}

/** Writes as fast as the other side takes it, for as long as it does. */
function pour(response: Parameters<HostileAnswer>[1], text: string): void {
  if (response.destroyed) return
  while (response.write(text)) if (response.destroyed) return
  response.once('drain', () => pour(response, text))
}

const progress = eventOf({
  jsonrpc: '2.0',
  method: 'notifications/progress',
  params: { progressToken: 'p', progress: 1 },
})
const log = eventOf({
  jsonrpc: '2.0',
  method: 'notifications/message',
  params: { level: 'info', data: 'x' },
})

for (const pair of PAIRS) {
  test(`${pair.name}: a result that is no object is no answer`, async () => {
    for (const result of [[], 'text', 1, true, null])
      isRefused(
        await answered(pair, (asked, response) => answerWith(asked, response, result)),
        'RINGMAIN_UPSTREAM_BAD_RESPONSE',
      )
    await isSurvived(pair)
  })

  for (const [what, text] of Object.entries({ progress, 'log messages': log }))
    test(`${pair.name}: a stream of ${what} that never ends is over with its call`, async () => {
      const before = pair.server.left()
      const answer = await answered(pair, (_asked, response) => {
        const timer = setInterval(() => response.write(text), 50)
        response.on('close', () => clearInterval(timer))
        beginStream(response)
      })
      isRefused(answer, 'RINGMAIN_UPSTREAM_TIMEOUT')
      await until('its stream to be left', () => pair.server.left() > before)
      await isSurvived(pair)
    })

  test(`${pair.name}: a line that never ends is over with its call`, async () => {
    const answer = await answered(pair, (_asked, response) => {
      beginStream(response).write(
        'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"data":"',
      )
      pour(response, 'x'.repeat(16_384))
    })
    if (pair.isBridged) isRefused(answer, 'RINGMAIN_UPSTREAM_BAD_RESPONSE')
    else assert.ok(answer.isCut, 'a part was ended as if it were whole')
    await isSurvived(pair)
  })

  test(`${pair.name}: an answer under another id is nobody's`, async () => {
    for (const id of ['another', 1, null])
      isRefused(
        await answered(pair, (_asked, response) =>
          beginStream(response).end(eventOf({ jsonrpc: '2.0', id, result: toolResult('stolen') })),
        ),
        'RINGMAIN_UPSTREAM_BAD_RESPONSE',
      )
    await isSurvived(pair)
  })

  test(`${pair.name}: words beside an event without data mean nothing, and end nothing`, async () => {
    const words = ['requestState', 'notifications/cancelled', 'elicitationId', 'structuredContent']
    const nothing = words.map(word => `data:\n: ${word}\n\n`).join('')
    const answer = await answered(pair, ({ id }, response) =>
      beginStream(response).end(
        `${nothing}${eventOf({ jsonrpc: '2.0', id, result: toolResult('heard') })}`,
      ),
    )
    assert.match(answer.body.toString(), /heard/)
    await isSurvived(pair)
  })

  test(`${pair.name}: an error text with control characters stays within its message`, async () => {
    const message = 'a\r\n\r\ndata: {"forged":true}\u001b[2J\u0000\u2028'
    const answer = await answered(pair, ({ id }, response) =>
      beginStream(response).end(eventOf({ jsonrpc: '2.0', id, error: { code: 7, message } })),
    )
    const [only, ...more] = messagesOf(answer)
    assert.deepEqual([only?.error?.code, only?.error?.message, more], [7, message, []])
    assert.doesNotMatch(JSON.stringify(router.lines), /forged|\\u001b/)
    await isSurvived(pair)
  })
}

for (const pair of PAIRS.filter(({ server }) => server === modern))
  test(`${pair.name}: a request of the server's own has no place in its stream`, async () => {
    for (const id of ['s1', 'caller']) {
      const answer = await answered(pair, (_asked, response) =>
        beginStream(response).write(
          eventOf({ jsonrpc: '2.0', id, method: 'sampling/createMessage', params: {} }),
        ),
      )
      isRefused(answer, 'RINGMAIN_UPSTREAM_BAD_RESPONSE')
      assert.doesNotMatch(answer.body.toString(), /createMessage/)
    }
    await isSurvived(pair)
  })
