// What a caller may get wrong, row by row: the exact status and code, and that no tool server saw anything of it.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { rawRequest } from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { httpRows } from './bad-input/http-rows.ts'
import { jsonRows } from './bad-input/json-rows.ts'
import { acceptedRows, legacyRows } from './bad-input/legacy-rows.ts'
import { modernRows } from './bad-input/modern-rows.ts'
import { CALL, CALL_BODY, LEGACY, legacy, MAX_BODY, NAME, post, without } from './bad-input/row.ts'

const tool = await startScripted({ name: 'tool' })
const router = await runRouter(
  documents(
    // No check may be mistaken for something of a caller's.
    clusterOf('tools', [tool.url], { health: { interval: '1h', timeout: '5s' } }),
    serverOf('default', ['tools'], { naming: 'prefix' }),
  ),
  { env: { RINGMAIN_MAX_BODY: String(MAX_BODY) } },
)

after(async () => {
  await router.close()
  await tool.close()
})

interface ErrorBody {
  readonly jsonrpc: string
  readonly error: {
    readonly code: number
    readonly data: Readonly<Record<string, unknown>> & {
      readonly problem: { readonly executed: string }
    }
  }
}

/** Codes that the specification reserves, retired or gave to the other era. */
const isForbidden = (code: number, isLegacy: boolean): boolean =>
  (code <= -32000 && code >= -32019) ||
  code === -32042 ||
  code === -32002 ||
  (code <= -32020 && code >= -32099 && (isLegacy || code < -32022))

const groups = {
  http: httpRows,
  json: jsonRows,
  modern: modernRows,
  legacy: legacyRows,
  accepted: acceptedRows,
}

for (const [group, rows] of Object.entries(groups)) {
  for (const [name, row] of Object.entries(rows)) {
    test(`${group}: ${name} gets ${row.status} ${row.code ?? 'and no body'}`, async () => {
      const before = tool.requests.length
      const lines = router.calls().length
      const url = new URL(row.path ?? '/mcp', router.mcpUrl).href
      const answer = await rawRequest(url, row.request)
      assert.equal(answer.status, row.status, answer.body.toString())
      for (const [header, value] of Object.entries(row.headers ?? {}))
        assert.equal(answer.headers[header], value)
      if (row.code === undefined) assert.equal(answer.body.length, 0)
      else {
        const { jsonrpc, error } = JSON.parse(answer.body.toString()) as ErrorBody
        assert.equal(jsonrpc, '2.0')
        assert.equal(error.code, row.code)
        assert.ok(!isForbidden(error.code, group === 'legacy'))
        assert.equal(error.data.problem.executed, 'no')
        for (const [key, value] of Object.entries(row.data ?? {}))
          assert.deepEqual(error.data[key], value)
      }
      assert.equal(tool.requests.length, before, 'the tool server saw nothing')
      assert.equal(router.calls().length, lines + 1, 'it left one access line')
    })
  }
}

test('the id comes back where it could be read, and is null where it could not', async () => {
  const idOf = async (body: string): Promise<unknown> =>
    (JSON.parse((await rawRequest(router.mcpUrl, post(body))).body.toString()) as { id: unknown })
      .id
  assert.equal(await idOf(CALL_BODY.replace('"id":1', '"id":"a b"').replace(NAME, 'other')), 'a b')
  assert.equal(await idOf(CALL_BODY.replace('"id":1', '"id":0').replace('"2.0"', '"1"')), 0)
  assert.equal(await idOf('{"jsonrpc"'), null)
  assert.equal(await idOf(`[${CALL_BODY}]`), null)
})

test('what the specification allows is served: needless encodings, one media type, no header in an old body', async () => {
  const encoded = `=?base64?${Buffer.from(NAME).toString('base64')}?=`
  for (const request of [
    post(CALL_BODY, { ...CALL, 'mcp-name': encoded }),
    post(CALL_BODY, { ...CALL, accept: 'application/json' }),
    post(CALL_BODY, { ...CALL, accept: '*/*' }),
    post(CALL_BODY, without('accept')),
    post(CALL_BODY, { ...CALL, 'content-type': 'application/json; charset=utf-8' }),
    post(CALL_BODY, { ...CALL, origin: 'http://localhost:5173', host: 'LOCALHOST' }),
    post(CALL_BODY, { ...CALL, 'last-event-id': '7' }),
    post(legacy('tools/call', { params: { name: NAME } }), { 'content-type': 'application/json' }),
    post(legacy('tools/call', { params: { name: NAME } }), {
      ...LEGACY,
      'mcp-method': 'x',
      'mcp-name': 'y',
    }),
  ]) {
    const before = tool.executions('echo')
    const answer = await rawRequest(router.mcpUrl, request)
    assert.equal(answer.status, 200, JSON.stringify(request.headers))
    assert.equal(tool.executions('echo'), before + 1)
  }
})
