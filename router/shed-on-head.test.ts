// What is refused for overload on its head alone, and what must be read first.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Criticality } from '#routes/criticality.ts'
import { callAs } from '#test/support/call-facts.ts'
import type { ReadyAnswer } from './listeners/admission.ts'
import { Overload } from './overload/overload.ts'
import { shedOnHead } from './shed-on-head.ts'

function ground(t: TestContext, loopDelayMs: number) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const overload = new Overload({
    read: () => ({ loopDelayMs, busyShare: 1, heapShare: 0, inFlight: 0, oldestWaitMs: 0 }),
    inFlight: () => 0,
    random: () => 0,
    onReading: () => undefined,
    onLevel: () => undefined,
  })
  overload.start()
  t.after(() => overload.close())
  t.mock.timers.tick(2 * 250)
  const { server } = callAs()
  return (criticality: Criticality, headers: Readonly<Record<string, string>>) => {
    const shed = shedOnHead(
      { server: name => (name === 'default' ? { ...server, criticality } : undefined) },
      overload,
    )
    const answer = shed('default', headers)
    return answer === undefined ? 'served' : `${answer.status} ${problemIn(answer)}`
  }
}

/** Said in words and in headers that nothing ran, and when to come back. */
function problemIn({ headers, body }: ReadyAnswer): string {
  assert.equal(headers['x-ringmain-not-executed'], '1')
  assert.equal(headers['retry-after'], '2')
  const { id, error } = JSON.parse(String(body))
  assert.equal(id, null)
  const { code, executed, retryAfterMs } = error.data.problem
  return `${code} ${executed} ${retryAfterMs}`
}

const CALL = { 'mcp-method': 'tools/call' }

test('a head that names its method is weighed by its server and by what its caller asks for', t => {
  const shed = ground(t, 100)
  assert.equal(shed('sheddable_plus', CALL), '503 RINGMAIN_OVERLOADED no 2000')
  assert.equal(shed('critical', CALL), 'served')
  const asking = (word: string) => ({ ...CALL, 'x-ringmain-criticality': word })
  assert.equal(shed('critical', asking('sheddable')), '503 RINGMAIN_OVERLOADED no 2000')
  assert.equal(shed('sheddable', asking('critical_plus')), '503 RINGMAIN_OVERLOADED no 2000')
})

test('what its head does not tell is read first: a legacy message, a notification, a word that is not known', t => {
  const shed = ground(t, 100)
  assert.equal(shed('sheddable', {}), 'served')
  assert.equal(shed('sheddable', { 'mcp-method': 'notifications/cancelled' }), 'served')
  assert.equal(shed('sheddable', { ...CALL, 'x-ringmain-criticality': 'batch' }), 'served')
})

test('while all is well nobody is weighed', t => {
  assert.equal(ground(t, 0)('sheddable', CALL), 'served')
})
