// What leaves no access line leaves a count, and few lines however often it comes.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createTelemetry } from '#foundation/telemetry.ts'
import { capturedLog } from '#test/support/captured-log.ts'
import { observeConnections } from './observe-connections.ts'

function ground(t: TestContext) {
  const telemetry = createTelemetry('test', '1')
  t.after(() => telemetry.close())
  const { log, lines } = capturedLog()
  const clock = { nowMs: 0 }
  const connections = observeConnections(telemetry.meter, log, () => clock.nowMs)
  return { connections, lines, clock, scrape: telemetry.scrape }
}

test('each request that broke is counted under what was wrong with it', async t => {
  const { connections, scrape } = ground(t)
  for (const code of ['too_large', 'timeout', 'too_large'] as const) connections.broken(code)
  const text = await scrape()
  assert.match(text, /^ringmain_requests_broken_total\{code="too_large"[^}]*\} 2$/m)
  assert.match(text, /^ringmain_requests_broken_total\{code="timeout"[^}]*\} 1$/m)
})

test('each connection that there was no room for is counted', async t => {
  const { connections, scrape } = ground(t)
  for (let count = 0; count < 5; count += 1) connections.dropped()
  assert.match(await scrape(), /^ringmain_connections_dropped_total(?:\{[^}]*\})? 5$/m)
})

test('the first is told at once, and those of a second together', t => {
  const { connections, lines, clock } = ground(t)
  for (const event of ['connection.dropped', 'request.broken']) {
    const say = (): void =>
      event === 'request.broken' ? connections.broken('malformed') : connections.dropped()
    const before = lines.length
    for (let count = 0; count < 100; count += 1) say()
    clock.nowMs += 999
    say()
    clock.nowMs += 1
    say()
    const told = lines.slice(before)
    assert.deepEqual(
      told.map(line => [line['event'], line['count']]),
      [
        [event, 1],
        [event, 101],
      ],
    )
  }
})
