// What the router sends, read a second time by haproxy and nginx: as many requests as were sent, each with the bytes it was sent
// with. A request that one of them parts otherwise would be a request that nobody made.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Agent } from 'node:http'
import { type TestContext, test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { startCoParser } from '#test/support/co-parsers.ts'
import { legacyRequest, modernRequest, openSession, rawRequest } from '#test/support/raw-http.ts'
import { installedPart } from '#test/support/real-parts.ts'
import { type ReadRequest, startRecording } from '#test/support/recording-replica.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { splitRequests } from '#test/support/split-requests.ts'
import { startTee } from '#test/support/tcp-tee.ts'
import { until } from '#test/support/until.ts'

const CALLS = 300
const NAMES = ['echo', 'a.b-c_d', 'grün', '日本', 'two words', '=?base64?eA==?=', 'slow'] as const
const MIRRORED = {
  type: 'object',
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    count: { type: 'integer', 'x-mcp-header': 'Count' },
  },
}
const TOOLS = NAMES.map(name => ({ name, inputSchema: MIRRORED }))

type Random = () => number
const pick = <T>(random: Random, from: readonly T[]): T =>
  from[Math.floor(random() * from.length)] as T

/** Texts that look like the end of one request and the beginning of another. */
const TEXTS = [
  '',
  ' ',
  'plain',
  '\r\n\r\nPOST /evil HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}',
  '0\r\n\r\nGET / HTTP/1.1\r\n\r\n',
  '\u0000\u001b[31m\u007f\u0085\u2028',
  'größer 漢字 😀',
  'x'.repeat(70_000),
  '\r\n'.repeat(9_000),
] as const

/** The body of a request, with white space, escapes and numbers that a rewrite would change. */
function oddly(random: Random, body: string): string {
  const padded = random() < 0.3 ? body.replaceAll('":', '" :\t').replace(/^\{/, '\r\n {\n ') : body
  const numbered = padded.replace('"arguments":{', '"arguments":{"big":9007199254740993123,')
  return random() < 0.5 ? numbered : numbered.replaceAll('plain', String.raw`pl\u0061in`)
}

const isCut = ({ body }: ReadRequest): boolean => body.includes('"slow"')

/** A request in a few letters: what must be the same on both sides. */
function printOf({ verb, target, headers, body }: ReadRequest): string {
  const said = Object.entries(headers)
    .filter(
      ([name]) => name.startsWith('mcp-') || name === 'content-type' || name === 'traceparent',
    )
    .map(([name, value]) => `${name}: ${String(value)}`)
    .sort()
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 16)
  return `${verb} ${target} ${body.length} ${digest} ${said.join('; ')}`
}

interface Scene {
  readonly url: string
  readonly random: Random
  readonly agent: Agent
  readonly arrivedSlow: () => number
}

async function oneCall({ url, random, agent, arrivedSlow }: Scene, number: number): Promise<void> {
  const name = pick(random, NAMES)
  const region = pick(random, TEXTS.slice(0, 7))
  const args = { text: pick(random, TEXTS), ...(random() < 0.5 ? { region, count: number } : {}) }
  const isModern = random() < 0.6
  const leaving = new AbortController()
  const asked = {
    id: random() < 0.5 ? number : `id-${number}`,
    ...(random() < 0.8 ? { agent } : {}),
    ...(name === 'slow' ? { signal: leaving.signal } : {}),
  }
  const sentinel = (text: string): string => `=?base64?${Buffer.from(text).toString('base64')}?=`
  const mirrors =
    'region' in args
      ? { 'mcp-param-region': sentinel(region), 'mcp-param-count': String(number) }
      : {}
  const headers = { 'mcp-name': sentinel(name), ...mirrors, traceparent: `00-${number}` }
  const request = isModern
    ? modernRequest('tools/call', { name, arguments: args }, { ...asked, headers })
    : legacyRequest(
        'tools/call',
        { name, arguments: args },
        { ...asked, session: await openSession(url) },
      )
  const before = arrivedSlow()
  const answered = rawRequest(url, { ...request, body: oddly(random, String(request.body)) })
  if (name !== 'slow') {
    const { status, body } = await answered
    assert.equal(status, 200, body.toString())
    assert.match(body.toString(), /"content":\[\]/)
    return
  }
  // Half leave as soon as they have asked, half once the call has arrived behind.
  if (random() < 0.5) setImmediate(() => leaving.abort())
  else {
    await until('the slow call to arrive', () => arrivedSlow() > before)
    leaving.abort()
  }
  await assert.rejects(answered)
}

/** Requests that were read and not sent as they are, and those that were sent and not read. */
function differences(
  sent: readonly ReadRequest[],
  read: readonly ReadRequest[],
): { readonly strange: readonly ReadRequest[]; readonly lost: readonly ReadRequest[] } {
  const left = new Map<string, number>() // bounded by the requests
  const count = (one: ReadRequest, by: number): number => {
    const now = (left.get(printOf(one)) ?? 0) + by
    left.set(printOf(one), now)
    return now
  }
  for (const one of sent) count(one, 1)
  const strange = read.filter(one => count(one, -1) < 0)
  // Who leaves at once may be gone before the server in between has passed the request on.
  return { strange, lost: sent.filter(one => (left.get(printOf(one)) ?? 0) > 0 && !isCut(one)) }
}

test('a request that is parted, changed or lost on the way is seen', () => {
  const head = (length: number): string => `POST /mcp HTTP/1.1\r\nContent-Length: ${length}\r\n\r\n`
  const partsOf = (text: string) => splitRequests(Buffer.from(text)).requests
  const sent = partsOf(`${head(2)}{}${head(3)}{1}`)
  assert.deepEqual(differences(sent, partsOf(`${head(2)}{}${head(3)}{1}`)), {
    strange: [],
    lost: [],
  })
  const other = differences(sent, partsOf(`${head(2)}{}${head(3)}{2}${head(1)}x`))
  assert.deepEqual([other.strange.length, other.lost.length], [2, 1])
  for (const head of [
    'POST /mcp HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'POST /mcp HTTP/1.1\r\nHost: a\r\n\r\n',
    'POST /mcp HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n',
    'POST /mcp HTTP/1.1\r\nContent-Length : 1\r\n\r\n',
    'POST /mcp HTTP/1.0\r\nContent-Length: 1\r\n\r\n',
  ])
    assert.throws(() => partsOf(`${head}x`), head)
})

for (const [name, from] of [
  ['haproxy', 'haproxy'],
  ['nginx', 'nginx-light'],
] as const) {
  const part = installedPart(name, from)
  test(`${name} reads the requests that the router sent, and no other`, {
    skip: 'skip' in part && part.skip,
  }, async t => {
    if ('bin' in part) await compare(t, name, part.bin)
  })
}

async function compare(t: TestContext, name: 'haproxy' | 'nginx', bin: string): Promise<void> {
  const seed = 20_261
  const replica = await startRecording(TOOLS)
  t.after(replica.close)
  const proxy = await startCoParser(name, bin, replica.port)
  t.after(proxy.close)
  const tee = await startTee(proxy.port)
  t.after(tee.close)
  const running = await runRouter(
    documents(
      clusterOf('tools', [`http://127.0.0.1:${tee.port}/mcp`]),
      serverOf('default', ['tools'], { naming: 'plain' }),
    ),
  )
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  t.after(() => agent.destroy())
  await running.untilUp('tools', 1)
  const arrivedSlow = (): number => replica.requests.filter(isCut).length
  const scene = { url: running.mcpUrl, random: seededRandom(seed), agent, arrivedSlow }
  try {
    for (let number = 0; number < CALLS; number += 1) await oneCall(scene, number)
  } finally {
    await running.close()
  }
  const connections = tee.sent().map(bytes => splitRequests(bytes))
  const sent = connections.flatMap(({ requests }) => requests)
  await until(
    'what was sent to be read',
    () => replica.requests.length >= sent.filter(one => !isCut(one)).length,
  )
  const { strange, lost } = differences(sent, replica.requests)
  const bytes = sent.reduce((sum, { body }) => sum + body.length, 0)
  t.diagnostic(
    `${name}: ${CALLS} calls (seed ${seed}), ${sent.length} requests on ${connections.length} connections, ${bytes} bytes of bodies: ${strange.length} read otherwise, ${lost.length} lost`,
  )
  assert.deepEqual(strange.map(printOf), [])
  assert.deepEqual(lost.map(printOf), [])
  assert.ok(sent.length > CALLS && sent.filter(isCut).length > 10)
}
