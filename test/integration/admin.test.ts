// What an SRE sees from outside: health with reasons, what the router knows, metrics that a scraper takes.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, test } from 'node:test'
import { onPath } from '#deploy/tools/find.mjs'
import type { ReadyView } from '#foundation/admin-views.ts'
import { keyOf, mustReadExposition } from '#test/support/prometheus-text.ts'
import { modernCall, modernRequest, rawRequest } from '#test/support/raw-http.ts'
import { startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { until } from '#test/support/until.ts'

const tool = await startScripted({ name: 'tool' })
const router = await startRouterProcess(
  documents(clusterOf('tools', [tool.url]), serverOf('default', ['tools'])),
)
await router.untilUp('tools', 1)
const { mcpUrl, adminUrl } = router

after(async () => {
  await router.close()
  await tool.close()
})

test('/livez says that it lives', async () => {
  const answer = await rawRequest(`${adminUrl}/livez`, { method: 'GET' })
  assert.equal(answer.status, 200)
  assert.equal(answer.body.toString(), 'ok\n')
})

test('/readyz is 200 with a reason for each part', async () => {
  for (const path of ['/readyz', '/healthz']) {
    const answer = await rawRequest(adminUrl + path, { method: 'GET' })
    assert.equal(answer.status, 200)
    const { ready, checks } = JSON.parse(answer.body.toString()) as ReadyView
    assert.equal(ready, true)
    const cluster = checks.find(({ id }) => id === 'cluster/tools')
    assert.equal(cluster?.ok, true)
    assert.match(cluster?.detail ?? '', /1 of 1 replicas in service/)
  }
})

test('/readyz is 503 and says why while a source has not been heard of, and calls are refused by name', async t => {
  const waiting = await startRouterProcess(
    documents(
      clusterOf('far', [], { discovery: { consul: { service: 'mcp-far' } } }),
      clusterOf('near', [tool.url]),
      serverOf('default', ['far', 'near']),
    ),
    { env: { RINGMAIN_CONSUL: 'http://127.0.0.1:9' } },
  )
  t.after(waiting.close)
  const answer = await rawRequest(`${waiting.adminUrl}/readyz`, { method: 'GET' })
  assert.equal(answer.status, 503)
  const { ready, checks } = JSON.parse(answer.body.toString()) as ReadyView
  assert.equal(ready, false)
  const check = checks.find(({ id }) => id === 'cluster/far')
  assert.equal(check?.ok, false)
  assert.match(check?.detail ?? '', /nothing heard/)
  await waiting.untilUp('near', 1)
  assert.equal((await modernCall(waiting.mcpUrl, 'near__echo')).status, 200)
  const refused = (await modernCall(waiting.mcpUrl, 'far__echo')).body.toString()
  assert.match(refused, /RINGMAIN_NO_HEALTHY_REPLICA.*\bfar\b/)
})

test('the admin listener serves no foreign Host, no POST, and says where its pages are', async () => {
  const foreign = await rawRequest(`${adminUrl}/debug/router`, {
    method: 'GET',
    headers: { host: 'evil.example' },
  })
  assert.equal(foreign.status, 403)
  const post = await rawRequest(`${adminUrl}/debug/router`, { method: 'POST' })
  assert.equal(post.status, 404)
  const lost = await rawRequest(`${adminUrl}/`, { method: 'GET' })
  assert.equal(lost.status, 404)
  assert.match(lost.body.toString(), /\/readyz/)
})

test('the debug pages show the table, each replica, and what it carries now', async () => {
  const call = modernCall(mcpUrl, 'slow', { ms: 250 })
  const endpoint = await until('the call to be shown', async () => {
    const item = (await router.clusters()).items[0]?.endpoints[0]
    return item?.inFlight === 1 ? item : undefined
  })
  assert.equal(
    endpoint.url,
    tool.url.replace('/mcp', '') + new URL(endpoint.url).pathname.replace(/^\/$/, ''),
  )
  assert.deepEqual([endpoint.state, endpoint.health], ['ready', 'up'])
  assert.deepEqual([...endpoint.eras].toSorted(), ['legacy', 'modern'])
  await call
  const view = await router.view()
  assert.equal(view.pid, router.child.pid)
  assert.equal(view.mcp, mcpUrl)
  assert.equal(view.admin, adminUrl)
  assert.deepEqual(view.virtualServers, [{ name: 'default', path: '/mcp', clusters: ['tools'] }])
})

test('/metrics is what a scraper takes, counts every call, and holds no word of a caller as a label', async () => {
  await modernCall(mcpUrl, 'tool-of-mine')
  await rawRequest(mcpUrl, modernRequest('method/of-mine'))
  const answer = await rawRequest(`${adminUrl}/metrics`, { method: 'GET' })
  assert.equal(answer.status, 200)
  assert.match(String(answer.headers['content-type']), /^text\/plain; version=0\.0\.4/)
  const text = answer.body.toString()
  assert.ok(!text.includes('of-mine'))
  const { samples, types } = mustReadExposition(text)
  const counts = samples.filter(({ name }) => name === 'mcp_server_operation_duration_count')
  const total = counts.reduce((sum, { value }) => sum + value, 0)
  assert.equal(total, (await router.view()).calls.total)
  for (const [name, type] of types) if (type === 'histogram') assertCumulative(name, samples)
  for (const name of [
    'ringmain_refusals_total',
    'ringmain_replica_health',
    'ringmain_replica_inflight',
  ])
    assert.ok(
      samples.some(sample => sample.name === name),
      name,
    )
})

function assertCumulative(
  name: string,
  samples: ReturnType<typeof mustReadExposition>['samples'],
): void {
  const last = new Map<string, number>()
  for (const { name: of, labels, value } of samples) {
    const { le = '', ...others } = labels
    const key = keyOf(others)
    if (of === `${name}_bucket`) {
      assert.ok(value >= (last.get(key) ?? 0), `${name} falls at le=${le}`)
      last.set(key, value)
    } else if (of === `${name}_count`) assert.ok(!last.has(key) || last.get(key) === value, name)
  }
}

const promtool = onPath('promtool')
test('promtool finds nothing to say about the metrics', {
  skip: promtool === undefined && 'needs promtool on PATH',
}, async () => {
  const answer = await rawRequest(`${adminUrl}/metrics`, { method: 'GET' })
  const { status, stderr } = spawnSync(promtool ?? '', ['check', 'metrics'], { input: answer.body })
  assert.equal(status, 0, stderr.toString())
})
