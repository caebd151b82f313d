// A router whose event loop comes late: what it refuses and how, what it serves all the same, and that it finds back.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { mustReadExposition } from '#test/support/prometheus-text.ts'
import {
  legacyCall,
  legacyHeaders,
  modernCall,
  problemOf,
  rawRequest,
  servedBy,
} from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { until } from '#test/support/until.ts'

const tool = await startScripted({ name: 'tool' })
const router = await runRouter(
  documents(
    clusterOf('tools', [tool.url]),
    serverOf('default', ['tools']),
    serverOf('vital', ['tools'], { criticality: 'critical_plus' }),
  ),
)
const { mcpUrl } = router
const vitalUrl = `${mcpUrl}/vital`

after(async () => {
  await router.close()
  await tool.close()
})

/** Holds the loop that the router runs on, until it has read that. */
async function late(): Promise<void> {
  for (const _ of [
    'this ends the reading that is under way',
    'this is all of the next',
    'and one alone is not believed',
  ]) {
    const endMs = performance.now() + 300
    while (performance.now() < endMs);
    for (const __ of ['this turn ends', 'in the next one timers come first']) await turn()
  }
  assert.equal((await router.view()).overload.level, 3)
}

test('a call that is refused for overload has run nothing and says so in its status, its headers and its words', async () => {
  await modernCall(mcpUrl, 'echo')
  const before = tool.executions()
  await late()
  const answer = await modernCall(mcpUrl, 'echo')
  assert.equal(answer.status, 503)
  assert.equal(answer.headers['retry-after'], '3')
  assert.equal(answer.headers['x-ringmain-not-executed'], '1')
  const problem = problemOf(answer)
  assert.deepEqual([problem?.code, problem?.executed], ['RINGMAIN_OVERLOADED', 'no'])
  assert.match(answer.body.toString(), /The call was not executed\./)
  assert.equal(tool.executions(), before)
})

test('a legacy call is refused under its own id', async () => {
  await late()
  const answer = await legacyCall(mcpUrl, 'echo', {}, { id: 'mine' })
  assert.equal(answer.status, 503)
  assert.equal(problemOf(answer)?.code, 'RINGMAIN_OVERLOADED')
  assert.match(answer.body.toString(), /"id":"mine"/)
})

test('what is vital is served, unless its caller asks for less', async () => {
  await late()
  assert.equal(servedBy(await modernCall(vitalUrl, 'echo')), 'tool')
  await late()
  const headers = { 'x-ringmain-criticality': 'critical' }
  assert.equal((await modernCall(vitalUrl, 'echo', {}, { headers })).status, 503)
})

test('a word that is no criticality is refused by name, overloaded or not', async () => {
  const headers = { 'x-ringmain-criticality': 'batch' }
  await late()
  const answer = await modernCall(mcpUrl, 'echo', {}, { headers })
  assert.equal(answer.status, 400)
  assert.equal(problemOf(answer)?.code, 'RINGMAIN_INVALID_HEADER')
})

test('notifications are taken', async () => {
  await late()
  const body = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}'
  assert.equal((await rawRequest(mcpUrl, { headers: legacyHeaders(), body })).status, 202)
})

test('whoever looks after it is answered, and told what is refused', async () => {
  await late()
  const { ready, checks } = await router.ready()
  assert.equal(ready, true)
  assert.deepEqual(
    checks.find(({ id }) => id === 'overload'),
    {
      id: 'overload',
      ok: false,
      detail: 'refuses sheddable, sheddable_plus, critical calls',
    },
  )
  const { overload } = await router.view()
  assert.equal(overload.level, 3)
  assert.ok((overload.shed['critical'] ?? 0) >= 2)
  const metrics = await rawRequest(`${router.adminUrl}/metrics`, { method: 'GET' })
  const { samples } = mustReadExposition(metrics.body.toString())
  const told = (name: string) => samples.filter(sample => sample.name === name)
  assert.equal(told('ringmain_overload_level')[0]?.value, 3)
  const shed = told('ringmain_calls_shed_total')
  assert.deepEqual(
    shed.map(({ labels }) => labels['ringmain_criticality']),
    ['sheddable', 'sheddable_plus', 'critical', 'critical_plus'],
  )
  assert.ok((shed[2]?.value ?? 0) >= 2)
})

test('it is back to normal within five seconds, and serves', async t => {
  await late()
  const endedMs = performance.now()
  await until('the level to be normal', async () => (await router.view()).overload.level === 0)
  const tookMs = performance.now() - endedMs
  t.diagnostic(`back to normal after ${Math.round(tookMs)} ms`)
  assert.ok(tookMs < 5_000, `${tookMs} ms`)
  assert.equal(servedBy(await modernCall(mcpUrl, 'echo')), 'tool')
})
