// The admin port on a real socket: what is told, in which status, and to which Host.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { raw } from '#test/support/listening.ts'
import { rawRequest } from '#test/support/raw-http.ts'
import { until } from '#test/support/until.ts'
import { type AdminListener, type AdminSource, openAdminListener } from './admin-listener.ts'

const ALLOW = {
  isHostAllowed: (host: string | undefined) => host?.startsWith('127.0.0.1:') === true,
  isOriginAllowed: (origin: string | undefined) =>
    origin === undefined || origin === 'http://127.0.0.1:9',
}

const opened = async (
  t: TestContext,
  differences: Partial<AdminSource> = {},
): Promise<AdminListener> => {
  const listener = await openAdminListener(
    { host: '127.0.0.1', port: 0, allow: ALLOW, headersTimeoutMs: 200 },
    {
      ready: () => ({ ready: true, draining: false, checks: [] }),
      router: () => assert.fail('a bug'),
      operate: body => ({ status: 200, body: { told: body } }),
      clusters: () => ({ apiVersion: 'ringmain/v1', kind: 'ClusterList', items: [], meta: {} }),
      metrics: () => Promise.resolve('up 1\n'),
      metricsContentType: 'text/plain; version=0.0.4; charset=utf-8',
      ...differences,
    },
  )
  t.after(() => listener.close())
  return listener
}

async function asking(
  t: TestContext,
  differences: Partial<AdminSource> = {},
): Promise<
  (
    path: string,
    headers?: Readonly<Record<string, string>>,
    method?: string,
  ) => Promise<readonly [number, string, string]>
> {
  const listener = await opened(t, differences)
  return async (path, headers = {}, method = 'GET') => {
    const answer = await rawRequest(`${listener.url}${path}`, { method, headers })
    return [answer.status, answer.headers['content-type'] ?? '', answer.body.toString()]
  }
}

test('a process that answers is alive', async t => {
  const ask = await asking(t)
  assert.deepEqual(await ask('/livez'), [200, 'text/plain', 'ok\n'])
})

test('readiness is its status, and its reasons are the body both ways', async t => {
  for (const ready of [true, false]) {
    const view = { ready, draining: false, checks: [{ id: 'a', ok: ready, detail: 'b' }] }
    const ask = await asking(t, { ready: () => view })
    for (const path of ['/readyz', '/healthz']) {
      const [status, type, body] = await ask(path)
      assert.equal(status, ready ? 200 : 503)
      assert.match(type, /^application\/json/)
      assert.deepEqual(JSON.parse(body), view)
    }
  }
})

test('metrics and views are given as they are', async t => {
  const ask = await asking(t)
  assert.deepEqual(await ask('/metrics'), [
    200,
    'text/plain; version=0.0.4; charset=utf-8',
    'up 1\n',
  ])
  const [status, , body] = await ask('/debug/clusters')
  assert.equal(status, 200)
  assert.match(body, /^\{"apiVersion":"ringmain\/v1","kind":"ClusterList"/)
})

test('another path tells where to look, and what is read cannot be changed', async t => {
  const ask = await asking(t)
  const [status, , body] = await ask('/')
  assert.equal(status, 404)
  assert.match(body, /\/readyz, \/metrics/)
  for (const method of ['POST', 'PUT', 'DELETE'])
    assert.equal((await ask('/readyz', undefined, method))[0], 404)
})

test('what an operator asks for is taken as JSON, from an origin that may, and by no other verb', async t => {
  const { url } = await opened(t)
  const post = async (headers: Readonly<Record<string, string>>, body = '{"a":1}') => {
    const answer = await rawRequest(`${url}/operate`, { method: 'POST', headers, body })
    return [answer.status, answer.body.toString()]
  }
  const json = { 'content-type': 'application/json' }
  assert.deepEqual(await post(json), [200, '{"told":{"a":1}}'])
  assert.equal((await post({ 'content-type': 'text/plain' }))[0], 415)
  assert.equal((await post(json, '{'))[0], 400)
  assert.equal((await post(json, `"${'x'.repeat(2_000)}"`))[0], 413)
  assert.equal((await post({ ...json, origin: 'https://evil.example' }))[0], 403)
  assert.equal((await post({ ...json, host: 'evil.example' }))[0], 403)
  assert.equal((await rawRequest(`${url}/operate`, { method: 'GET' })).status, 404)
})

test('a page in a browser that reached the port under another name is told nothing', async t => {
  const ask = await asking(t)
  for (const path of ['/livez', '/metrics', '/nowhere']) {
    const [status, , body] = await ask(path, { host: 'evil.example' })
    assert.deepEqual([status, body], [403, '{"error":"The Host header is not on the allow-list."}'])
  }
})

test('what another parser would take for another host or another path is told nothing and changes nothing', async t => {
  let operated = 0
  const { url } = await opened(t, {
    operate: () => {
      operated += 1
      return { status: 200, body: {} }
    },
  })
  const { host, port } = new URL(url)
  const told = async (line: string, lines = ''): Promise<string> => {
    const body =
      'content-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}'
    const { all } = await raw(Number(port), `${line} HTTP/1.1\r\nhost: ${host}\r\n${lines}${body}`)
    return (await all).split(' ', 2)[1] ?? ''
  }
  for (const [line, status] of [
    ['POST http://evil.example/operate', '400'],
    [`POST http://${host}/operate`, '400'],
    ['POST //evil.example/operate', '400'],
    ['POST /%6fperate', '400'],
    ['POST /operate%00', '400'],
    ['POST /nowhere?a=%20', '404'],
  ] as const)
    assert.equal(await told(line), status, line)
  for (const second of ['evil.example', host])
    assert.equal(await told('POST /operate', `host: ${second}\r\n`), '403', second)
  assert.equal(operated, 0)
  assert.equal(await told('POST /operate?a=%20'), '200')
  assert.equal(operated, 1)
})

test('a page of another origin is told nothing, whichever Host it names', async t => {
  const ask = await asking(t)
  for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1.evil.example']) {
    const [status, , body] = await ask('/metrics', { origin })
    assert.deepEqual(
      [status, body],
      [403, '{"error":"The Origin header is not on the allow-list."}'],
    )
  }
  assert.equal((await ask('/metrics', { origin: 'http://127.0.0.1:9' }))[0], 200)
})

test('a defect is told without its trace', async t => {
  const [status, , body] = await (await asking(t))('/debug/router')
  assert.equal(status, 500)
  assert.doesNotMatch(body, / at |\.ts:/)
})

test('connections that ask nothing take every place, and lose them', async t => {
  const { url } = await opened(t)
  const port = Number(new URL(url).port)
  const idle = await Promise.all(Array.from({ length: 256 }, () => raw(port, '')))
  const late = await raw(port, '')
  assert.equal(await late.all, '') // there was no place
  for (const answer of await Promise.all(idle.map(({ all }) => all)))
    assert.match(answer, /^HTTP\/1\.1 408 /)
  await until('a place', async () => {
    const answer = await rawRequest(`${url}/livez`, { method: 'GET' }).catch(() => undefined)
    return answer?.status === 200
  })
})

test('a connection that has asked is kept for seconds', async t => {
  const { url } = await opened(t)
  const { socket, all } = await raw(Number(new URL(url).port), '')
  socket.end(`GET /livez HTTP/1.1\r\nhost: ${new URL(url).host}\r\n\r\n`)
  assert.match(await all, /keep-alive: timeout=5\r\n/i)
})
