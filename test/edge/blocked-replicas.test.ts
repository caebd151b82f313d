// A router whose document names replicas at addresses that are not allowed, and tools that redirect: what it shows, what it asks,
// and what never hears of it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { modernRequest, rawRequest } from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { type ScriptedServer, startScripted } from '#test/support/scripted-server.ts'
import { until } from '#test/support/until.ts'

async function tool(t: TestContext): Promise<ScriptedServer> {
  const server = await startScripted({ tools: ['echo'] })
  t.after(server.close)
  return server
}

async function serve(
  t: TestContext,
  handle: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => handle(request, response, Buffer.concat(chunks).toString()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, server }
}

test('a replica at a blocked address is shown with the reason, told of once, and never asked; the others serve', async t => {
  const good = await tool(t)
  const running = await runRouter(
    documents(
      clusterOf('tools', [
        good.url,
        'http://169.254.169.254/mcp',
        'http://[::ffff:a9fe:a9fe]/mcp',
        'http://0x7f.1:1/mcp',
      ]),
      serverOf('default', ['tools'], { naming: 'plain' }),
    ),
  )
  t.after(running.close)
  await running.untilUp('tools', 1)
  const shown = (await running.clusters()).items[0]?.endpoints ?? []
  const reasons = shown.map(({ key, reason }) => `${key} ${reason ?? 'up'}`).sort()
  const refusal =
    "address 169.254.169.254 is link-local and a cloud's metadata service; allow 169.254.169.254/32 under addresses.allow if it is meant"
  assert.ok(reasons.includes(`169.254.169.254:80/mcp ${refusal}`), reasons.join('\n'))
  assert.ok(reasons.includes(`[::ffff:a9fe:a9fe]:80/mcp ${refusal}`), reasons.join('\n'))
  const asked = modernRequest('tools/call', { name: 'echo', arguments: { text: 'a' } })
  for (let count = 0; count < 20; count += 1)
    assert.equal((await rawRequest(running.mcpUrl, asked)).status, 200)
  assert.equal(good.executions('echo'), 20)
  const told = running.lines.filter(line => line['event'] === 'endpoint.blocked')
  assert.equal(told.length, 2)
})

test('a replica that others registered at the own machine is refused, under its address and under a name', async t => {
  const canary = await tool(t)
  const running = await runRouter({
    'mesh.yaml': documents(
      clusterOf('tools', [], {
        discovery: { registry: { file: 'registry.txt', service: 'tools' } },
        addresses: { allow: ['private', 'public'] },
      }),
      clusterOf('near', [canary.url]),
      serverOf('default', ['tools', 'near']),
    ),
    'registry.txt': 'services: { tools: [] }',
  })
  t.after(running.close)
  await running.untilUp('near', 1)
  const before = canary.requests.length
  writeFileSync(
    join(running.policies, 'registry.txt'),
    `services: { tools: [{ id: a, address: 127.0.0.1, port: ${canary.port} }, { id: b, address: localhost, port: ${canary.port} }, { id: c, address: 127.0.0.1, port: ${new URL(running.adminUrl).port} }] }`,
  )
  const reasonsOf = async (): Promise<readonly string[]> => {
    const { items } = await running.clusters()
    const cluster = items.find(({ name }) => name === 'tools')
    return (cluster?.endpoints ?? []).map(({ key, reason }) => `${key}: ${reason ?? ''}`).sort()
  }
  await until('each of them is refused', async () => {
    const reasons = await reasonsOf()
    return reasons.length === 3 && reasons.every(reason => reason.includes(' is loopback; '))
  })
  assert.match(
    (await reasonsOf())[1] ?? '',
    /^b: localhost: address (?:127\.0\.0\.1|::1) is loopback/,
  )
  const strangers = canary.requests
    .slice(before)
    .filter(({ headers }) => headers.host?.startsWith('localhost'))
  assert.deepEqual(strangers, [])
})

test('a redirect is never followed, by a call, a check, or a question', async t => {
  const canary = await serve(t, (_request, response) => void response.end('{}'))
  let canaryHits = 0
  canary.server.on('request', () => {
    canaryHits += 1
  })
  const statuses = [301, 302, 303, 307, 308]
  let redirects = 0
  const away = (response: ServerResponse): void => {
    const status = statuses[redirects % statuses.length] ?? 307
    redirects += 1
    response.writeHead(status, { location: canary.url }).end()
  }
  const everything = await serve(t, (_request, response) => away(response))
  const good = await tool(t)
  const onlyCalls = await serve(t, (request, response, body) => {
    const isCall = body.includes('"tools/call"') || body.includes('"tools/list"')
    if (isCall && request.headers['x-pass'] === undefined) return away(response)
    void rawRequest(good.url, {
      headers: Object.fromEntries(
        Object.entries(request.headers).filter(([, value]) => typeof value === 'string'),
      ) as Record<string, string>,
      body,
    }).then(answer => {
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
    })
  })
  const running = await runRouter(
    documents(
      clusterOf('calls', [onlyCalls.url]),
      clusterOf('checks', [everything.url]),
      clusterOf('plain', [everything.url], {
        path: '/mcp',
        health: { interval: '1s', timeout: '500ms', rise: 1, fall: 1, path: '/healthz' },
      }),
      serverOf('default', ['calls', 'checks', 'plain']),
    ),
  )
  t.after(running.close)
  await running.untilUp('calls', 1)
  for (let count = 0; count < 10; count += 1) {
    const answer = await rawRequest(
      running.mcpUrl,
      modernRequest('tools/call', { name: 'calls__echo', arguments: {} }),
    )
    assert.match(answer.body.toString(), /RINGMAIN_UPSTREAM_BAD_RESPONSE/)
    await rawRequest(running.mcpUrl, modernRequest('tools/list'))
  }
  const { items } = await running.clusters()
  const health = items.filter(({ name }) => name !== 'calls').flatMap(({ endpoints }) => endpoints)
  assert.deepEqual(
    health.map(one => one.health),
    ['down', 'down'],
  )
  assert.ok(redirects >= 20, `only ${redirects}`)
  assert.equal(canaryHits, 0)
  t.diagnostic(`${redirects} redirects of five kinds: ${canaryHits} followed`)
})
