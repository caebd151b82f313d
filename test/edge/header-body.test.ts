// Every header that mirrors the body, right and wrong in every way we know, against a whole router. The verdict comes from a table
// written from the specification (2026-07-28, transports: Standard Request Headers, Value Encoding, Custom Headers), not from our code.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type RpcMessage } from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { COMBINATIONS } from './headers/combinations.ts'
import type { Combination, Verdict } from './headers/spellings.ts'
import { exchange } from './http/send.ts'

const MIRRORED = {
  type: 'object',
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    count: { type: 'integer', 'x-mcp-header': 'Count' },
    dry: { type: 'boolean', 'x-mcp-header': 'Dry-Run' },
    where: { type: 'object', properties: { zone: { type: 'string', 'x-mcp-header': 'Zone' } } },
    user: { type: 'string', 'x-mcp-header': 'User_Id' },
    odd: { type: 'string', 'x-mcp-header': "!#$%&'*+.^_`|~-9Z" },
    free: { type: 'string' },
  },
}
const BROKEN = { type: 'object', properties: { a: { type: 'number', 'x-mcp-header': 'A' } } }
const TWINS = {
  type: 'object',
  properties: {
    a: { type: 'string', 'x-mcp-header': 'user_id' },
    b: { type: 'string', 'x-mcp-header': 'user-id' },
  },
}

const tool = await startScripted({
  name: 'tool',
  schemas: { echo: MIRRORED, fail: BROKEN, slow: TWINS },
})
const router = await runRouter(
  documents(
    clusterOf('tools', [tool.url], { health: { interval: '1h', timeout: '5s' } }),
    serverOf('default', ['tools'], { naming: 'prefix' }),
  ),
)

after(async () => {
  await router.close()
  await tool.close()
})

const META =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}'

function bytesOf(
  { headers = {}, args = '{}', name = 'tools__echo', lines: more = '' }: Combination,
  index: number,
): string {
  const body = `{"jsonrpc":"2.0","id":${index},"method":"tools/call","params":{"name":${JSON.stringify(name)},"arguments":${args},${META}}}`
  const all: Record<string, string | undefined> = {
    host: 'localhost',
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'tools__echo',
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
  }
  const lines = Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${value}\r\n`)
  return `POST /mcp HTTP/1.1\r\n${lines.join('')}${more}\r\n${Buffer.from(body).toString('latin1')}`
}

/** Status, and code of the JSON-RPC error; the HTTP parser writes none. */
const REFUSED = {
  mismatch: [400, -32_020],
  refuse: [400, -32_600],
  unreadable: [400, undefined],
  unknown: [200, -32_602],
} as const

async function faultsOf(one: Combination, index: number): Promise<readonly string[]> {
  const before = tool.calls().length
  const [answer] = await exchange(Number(new URL(router.mcpUrl).port), [bytesOf(one, index)], 1)
  const ran = tool.calls().slice(before)
  const faults: string[] = []
  const expect = (isRight: boolean, what: string): void => {
    if (!isRight) faults.push(`${one.what}: ${what}`)
  }
  const { error } = JSON.parse(
    answer?.body === undefined || answer.body === '' ? '{}' : answer.body,
  ) as RpcMessage
  if (one.verdict === 'accept') {
    expect(
      answer?.status === 200 && error === undefined && ran.length === 1,
      `${answer?.status} ${error?.message}`,
    )
    for (const [header, value] of Object.entries(one.told ?? {}))
      expect(
        ran[0]?.headers[header] === value,
        `the tool was told ${String(ran[0]?.headers[header])}`,
      )
    expect(ran[0]?.headers['mcp-name'] === 'echo', 'its name was not written anew')
    return faults
  }
  // A tool that is not known may have become known there since: only its server can say.
  if (one.verdict !== 'unknown') expect(ran.length === 0, 'it ran')
  const [status, code] = REFUSED[one.verdict]
  expect(answer?.status === status && error?.code === code, `${answer?.status} ${error?.code}`)
  return faults
}

test('each header is held against the body as the specification says, and the tool is told what the body says', async t => {
  assert.ok(COMBINATIONS.length >= 400, `${COMBINATIONS.length} combinations`)
  const faults: string[] = []
  for (const [index, one] of COMBINATIONS.entries()) faults.push(...(await faultsOf(one, index)))
  assert.deepEqual(faults, [])
  const count = (verdict: Verdict): number =>
    COMBINATIONS.filter(one => one.verdict === verdict).length
  t.diagnostic(
    `${COMBINATIONS.length} combinations, all right: ${count('accept')} accepted, ${count('mismatch')} mismatches, ${count('refuse') + count('unreadable')} refused before that, ${count('unknown')} of tools that nobody has`,
  )
})

test('what mirrors nothing is counted, and calls that only their tool can check', async () => {
  const metrics = await (await fetch(`${router.adminUrl}/metrics`)).text()
  assert.match(metrics, /ringmain_params_dropped_total\{[^}]*\} [1-9]/)
  assert.match(metrics, /ringmain_params_unchecked_total\{[^}]*\} [1-9]/)
})

test('a tool that no client could call by the rules is in no list', async () => {
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{${META}}}`
  const [answer] = await exchange(
    Number(new URL(router.mcpUrl).port),
    [
      `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nmcp-protocol-version: 2026-07-28\r\nmcp-method: tools/list\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    ],
    1,
  )
  assert.match(answer?.body ?? '', /"tools__echo"/)
  assert.doesNotMatch(answer?.body ?? '', /"tools__(?:fail|slow)"/)
})

test('of a legacy caller these headers mean nothing, and none of them goes on', async () => {
  const body =
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"tools__echo","arguments":{"region":"eu"}}}'
  const before = tool.calls().length
  const [answer] = await exchange(
    Number(new URL(router.mcpUrl).port),
    [
      `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\nmcp-protocol-version: 2025-11-25\r\nmcp-method: tools/list\r\nmcp-name: tools__fail\r\nmcp-param-region: us\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    ],
    1,
  )
  assert.equal(answer?.status, 200)
  const [ran] = tool.calls().slice(before)
  assert.equal(ran?.tool, 'echo')
  for (const header of ['mcp-method', 'mcp-name', 'mcp-param-region'])
    assert.equal(ran?.headers[header], undefined)
})
