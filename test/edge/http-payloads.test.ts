// Hundreds of requests as bytes, each alone and with another behind it, against a whole router: what is taken runs once, what two
// parsers could read differently runs nothing, and nothing that was hidden in it reaches a tool.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { framing } from './http/framing.ts'
import { heads, OFFERED_H2 } from './http/heads.ts'
import { HIDDEN, type Payload, text } from './http/payload.ts'
import { type Answer, exchange } from './http/send.ts'

const tool = await startScripted({ name: 'tool' })
const router = await runRouter(
  documents(
    clusterOf('tools', [tool.url], { health: { interval: '1h', timeout: '5s' } }),
    serverOf('default', ['tools']),
  ),
  // What waits for bytes that never come is to end within the test.
  { env: { RINGMAIN_REQUEST_TIMEOUT: '400ms', RINGMAIN_HEADERS_TIMEOUT: '400ms' } },
)

after(async () => {
  await router.close()
  await tool.close()
})

/** Families may meet in the same bytes; those count once. */
const PAYLOADS: readonly Payload[] = [
  ...new Map([...heads(), ...framing()].map(one => [one.text(''), one])).values(),
]
const TOGETHER = 24
const canary = text()

interface Tried {
  readonly payload: Payload
  readonly index: number
  readonly alone: readonly Answer[]
  readonly followed: readonly Answer[]
}

/** Where they have no answer yet, and where a canary may be taken for a part of them, they are sent in one piece. */
async function tryOut(port: number, payload: Payload, index: number): Promise<Tried> {
  const alone = await exchange(port, [payload.text(`alone-${index}`)], 1)
  const main = payload.text(`main-${index}`)
  const behind = canary(`canary-${index}`)
  const followed =
    payload.verdict === 'ambiguous'
      ? await exchange(port, [main + behind], 2)
      : await exchange(port, [main, behind], 2)
  return { payload, index, alone, followed }
}

async function tryAll(port: number): Promise<readonly Tried[]> {
  const tried: Tried[] = []
  const waiting = [...PAYLOADS.entries()]
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      tried.push(await tryOut(port, next[1], next[0]))
  }
  await Promise.all(Array.from({ length: TOGETHER }, lane))
  return tried
}

type Runs = ReadonlyMap<string, number>

const ranOf =
  ({ index }: Tried, runs: Runs) =>
  (tag: string): number =>
    runs.get(`${tag}-${index}`) ?? 0

/** What is wrong with how one payload was treated; `runs` counts by tag what a tool was given. */
function faultsOf(tried: Tried, runs: Runs): readonly string[] {
  const { payload, alone, followed } = tried
  const ran = ranOf(tried, runs)
  const faults: string[] = []
  const expect = (isRight: boolean, what: string): void => {
    if (!isRight) faults.push(`${payload.family}, ${payload.what}: ${what}`)
  }
  if (payload.verdict === 'accept') {
    expect(
      ran('alone') === 1 && alone[0]?.status === 200,
      `alone it ran ${ran('alone')} times, status ${alone[0]?.status}`,
    )
    expect(ran('main') === 1, `before another it ran ${ran('main')} times`)
    expect(
      ran('canary') === 1 && followed[1]?.status === 200,
      `the one behind it ran ${ran('canary')} times`,
    )
    return faults
  }
  expect(ran('alone') + ran('main') === 0, 'it ran')
  expect(ran(HIDDEN) === 0, 'what was hidden in it ran')
  for (const [where, answers] of Object.entries({ alone, followed }))
    expect(
      answers[0] !== undefined && answers[0].status >= 400,
      `${where} it was answered ${answers[0]?.status}`,
    )
  if (payload.verdict === 'ambiguous') {
    expect(ran('canary') === 0, 'what was behind it ran')
    // What is left of it may be refused once more: it is no request either.
    expect(
      followed.every(({ status }) => status >= 400),
      `it was answered ${followed.map(({ status }) => status).join(', then ')}`,
    )
  } else {
    const isLast = followed[0]?.headers['connection'] === 'close'
    const wanted = isLast ? [0, undefined] : [1, 200]
    expect(
      ran('canary') === wanted[0] && followed[1]?.status === wanted[1],
      `the one behind it ran ${ran('canary')} times, status ${followed[1]?.status}`,
    )
  }
  for (const { body, headers } of [...alone, ...followed])
    expect(body === '' || isProblem(body, headers), `no JSON-RPC: ${body.slice(0, 80)}`)
  return faults
}

function isProblem(body: string, headers: Answer['headers']): boolean {
  if (!(headers['content-type'] ?? '').startsWith('application/json')) return false
  const { jsonrpc } = JSON.parse(body) as { jsonrpc?: string }
  return jsonrpc === '2.0'
}

const tagsOf = (bodies: ReadonlyArray<string>): ReadonlyMap<string, number> => {
  const runs = new Map<string, number>()
  for (const body of bodies)
    for (const [, tag = ''] of body.matchAll(/"tag":"([a-z]+-\d+)"/g))
      runs.set(tag, (runs.get(tag) ?? 0) + 1)
  return runs
}

test('every payload is treated as its verdict says, alone and with another behind it', async t => {
  assert.equal(
    new Set(PAYLOADS.map(({ text: of }) => of(''))).size,
    PAYLOADS.length,
    'two are the same',
  )
  assert.ok(PAYLOADS.length >= 500, `${PAYLOADS.length} payloads`)
  const tried = await tryAll(Number(new URL(router.mcpUrl).port))
  const runs = tagsOf(tool.calls().map(({ body }) => body.toString('latin1')))
  assert.deepEqual(
    tried.flatMap(one => faultsOf(one, runs)),
    [],
  )
  const count = (verdict: Payload['verdict']): number =>
    PAYLOADS.filter(one => one.verdict === verdict).length
  const reached = (...tags: readonly string[]): number =>
    tried
      .filter(({ payload }) => payload.verdict === 'ambiguous')
      .flatMap(one => tags.map(ranOf(one, runs)))
      .reduce((sum, times) => sum + times, 0)
  t.diagnostic(
    `${PAYLOADS.length} payloads, alone and with a canary behind: ${count('accept')} to be accepted, ${count('refuse')} refused, ${count('ambiguous')} ambiguous; of the ambiguous ones reached a tool: ${reached('alone', 'main')}; hidden in them: ${reached(HIDDEN)}; behind them: ${reached('canary')}`,
  )
})

const SENT: readonly string[] =
  'host connection content-type content-length accept accept-encoding mcp-protocol-version mcp-method mcp-name mcp-param-region traceparent x-ringmain-deadline-ms x-ringmain-via'.split(
    ' ',
  )

test('what reached the tool was written by the router: its own headers, one length, no coding', () => {
  assert.ok(tool.calls().length > 50)
  for (const { headers, body } of tool.calls()) {
    for (const name of Object.keys(headers)) assert.ok(SENT.includes(name), name)
    assert.equal(headers['content-length'], String(body.length))
    assert.equal(headers['mcp-name'], 'echo')
  }
})

/** With which a client goes on once its offer was taken (RFC 9113, 3.4). */
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

test('an offer of HTTP/2 is never taken, and who goes on as if it were is refused', async () => {
  const request = text({ lines: OFFERED_H2 })('offer-0')
  const answers = await exchange(Number(new URL(router.mcpUrl).port), [request + PREFACE], 2)
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 400],
  )
  for (const { headers } of answers) assert.equal(headers['upgrade'], undefined)
})

test('a server that takes what comes is found out by the same check', async t => {
  const bodies: string[] = []
  const careless = createServer({ connectionsCheckingInterval: 200 }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString('latin1'))
      response.setHeader('content-length', '0')
      response.end()
    })
  })
  careless.requestTimeout = 400
  careless.headersTimeout = 400
  await new Promise<void>(resolve => careless.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    careless.close()
    careless.closeAllConnections()
  })
  const tried = await tryAll((careless.address() as AddressInfo).port)
  const faults = tried.flatMap(one => faultsOf(one, tagsOf(bodies)))
  const smuggled = faults.filter(fault => fault.endsWith('what was behind it ran'))
  assert.ok(smuggled.length > 20, `${smuggled.length} canaries`)
  assert.ok(faults.some(fault => fault.startsWith('hosts, ')))
})
