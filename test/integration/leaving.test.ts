// A replica that answers a call with 503 and closes the connection is leaving: given nothing new until it has proved that it stays.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { modernCall, problemOf, servedBy } from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { until } from '#test/support/until.ts'

const leaver = await startScripted({ name: 'leaver', eras: ['modern'] })
const pair = [
  await startScripted({ name: 'left', eras: ['modern'] }),
  await startScripted({ name: 'right', eras: ['modern'] }),
]
const router = await runRouter(
  documents(
    clusterOf('alone', [leaver.url]),
    clusterOf(
      'pair',
      pair.map(({ url }) => url),
    ),
    serverOf('alone', ['alone']),
    serverOf('pair', ['pair']),
  ),
)
await router.untilUp('alone', 1)
await router.untilUp('pair', 2)

after(async () => {
  await router.close()
  await Promise.all([leaver, ...pair].map(server => server.close()))
})

const leaving = (server: string) =>
  modernCall(`${router.mcpUrl}/${server}`, 'status', { code: 503, close: true })

test('the call that runs there is left alone, new ones are not executed, and a good check brings it back', async () => {
  const url = `${router.mcpUrl}/alone`
  const ran = leaver.executions('slow')
  const running = modernCall(url, 'slow', { ms: 300 })
  await until('the call to run', () => leaver.executions('slow') === ran + 1)
  const echoed = leaver.executions('echo')
  await leaving('alone')
  const refused = await modernCall(url, 'echo')
  assert.equal(problemOf(refused)?.code, 'RINGMAIN_NO_HEALTHY_REPLICA')
  assert.equal(problemOf(refused)?.executed, 'no')
  assert.equal(leaver.executions('echo'), echoed)
  assert.equal(servedBy(await running), 'leaver')
  const told = router.lines.find(line => line['event'] === 'endpoint.leaving')
  assert.match(String(told?.['reason']), /503/)
  await until('it to be back', async () => servedBy(await modernCall(url, 'echo')) === 'leaver')
})

test('beside another replica no caller notices, and its next request is a check', async () => {
  const url = `${router.mcpUrl}/pair`
  // Whichever of them it met has left.
  await leaving('pair')
  const [gone] = pair.filter(({ calls }) => calls().at(-1)?.tool === 'status')
  assert.ok(gone !== undefined)
  const from = gone.requests.length
  const asked = (): readonly string[] => gone.requests.slice(from).map(({ method }) => method)
  while (asked().length === 0) {
    const answer = await modernCall(url, 'echo')
    assert.ok(servedBy(answer) !== undefined, 'answered by one of them')
  }
  assert.equal(asked()[0], 'server/discover')
})
