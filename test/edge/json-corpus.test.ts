// JSON by its categories, where a tool's arguments stand, as another member's value and as the whole body: what is taken reaches the
// tool as the same bytes, what is not reaches nobody, and nothing is left undecided.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  modernHeaders,
  type RawAnswer,
  type RpcMessage,
  rawRequest,
} from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { corpus, type JsonCase, type JsonVerdict } from './json/corpus.ts'

const tool = await startScripted({ name: 'tool' })
const router = await runRouter(
  documents(
    clusterOf('tools', [tool.url], { health: { interval: '1h', timeout: '5s' } }),
    serverOf('default', ['tools']),
  ),
)

after(async () => {
  await router.close()
  await tool.close()
})

const CASES = corpus()
const META =
  '"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}'

/** Where a value may stand in a call. */
const PLACES: Readonly<Record<string, (json: Buffer) => Buffer>> = {
  arguments: json => around('"name":"echo","arguments":{"value":', json, `},"_meta":{${META}}`),
  params: json => around('"name":"echo","own":', json, `,"_meta":{${META}}`),
  meta: json => around('"name":"echo","_meta":{"com.example/own":', json, `,${META}}`),
}

const around = (before: string, json: Buffer, behind: string): Buffer =>
  Buffer.concat([
    Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${before}`),
    json,
    Buffer.from(`${behind}}}`),
  ])

const send = (body: Buffer): Promise<RawAnswer> =>
  rawRequest(router.mcpUrl, { headers: modernHeaders('tools/call', 'echo'), body })

const CODE_OF: Readonly<Record<string, JsonVerdict>> = {
  RINGMAIN_MALFORMED_JSON: 'malformed',
  RINGMAIN_AMBIGUOUS_JSON: 'ambiguous',
  RINGMAIN_EXCESSIVE_JSON: 'excessive',
}

function verdictOf(answer: RawAnswer): string {
  const message = JSON.parse(answer.body.toString()) as RpcMessage
  if (answer.status === 200 && message.result !== undefined) return 'taken'
  const problem = message.error?.data?.['problem'] as { readonly code?: string } | undefined
  return CODE_OF[problem?.code ?? ''] ?? `${answer.status} ${problem?.code}`
}

const shown = ({ category, bytes }: JsonCase): string =>
  `${category} ${JSON.stringify(bytes.toString('latin1').slice(0, 60))}`

for (const [place, put] of Object.entries(PLACES)) {
  test(`every text is decided where it stands in ${place}, and what is taken arrives as it was sent`, async t => {
    const wrong: string[] = []
    let undecided = 0
    for (const one of CASES) {
      const body = put(one.bytes)
      const before = tool.calls().length
      const got = verdictOf(await send(body))
      const arrived = tool.calls().slice(before)
      if (got !== 'taken' && !Object.values(CODE_OF).includes(got as JsonVerdict)) undecided += 1
      if (got !== one.verdict) wrong.push(`${shown(one)}: ${got} instead of ${one.verdict}`)
      if (arrived.length !== (one.verdict === 'taken' ? 1 : 0)) wrong.push(`${shown(one)}: ran`)
      if (arrived[0] !== undefined && !arrived[0].body.equals(body))
        wrong.push(`${shown(one)}: changed`)
    }
    assert.deepEqual(wrong, [])
    const count = (verdict: JsonVerdict): number =>
      CASES.filter(one => one.verdict === verdict).length
    t.diagnostic(
      `${CASES.length} texts in ${place}: ${count('taken')} taken as sent, ${count('malformed')} malformed, ${count('ambiguous')} ambiguous, ${count('excessive')} over a limit; ${undecided} undecided`,
    )
  })
}

test('as a whole body none of them is a message, and each is told so', async () => {
  const before = tool.calls().length
  for (const one of CASES) {
    const answer = await send(one.bytes)
    assert.equal(answer.status, 400, shown(one))
    const message = JSON.parse(answer.body.toString()) as RpcMessage
    assert.ok([-32700, -32600].includes(message.error?.code ?? 0), shown(one))
  }
  assert.equal(tool.calls().length, before)
})

test('the corpus holds what it says: JSON.parse takes what is taken, and no more than a few that we call malformed', () => {
  const parses = ({ bytes }: JsonCase): boolean => {
    try {
      JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
      return true
    } catch {
      return false
    }
  }
  assert.ok(CASES.length >= 300, `${CASES.length} texts`)
  for (const one of CASES)
    if (one.verdict !== 'malformed' && one.bytes.length < 90_000) assert.ok(parses(one), shown(one))
  const lenient = CASES.filter(one => one.verdict === 'malformed' && parses(one))
  assert.deepEqual([...new Set(lenient.map(({ category }) => category))], ['surrogates'])
})
