// Few lines as they are, very many as a sum. Time is the test's.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ReplicaLog } from './replica-log.ts'

function ground(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const lines: Readonly<Record<string, unknown>>[] = []
  const log = new ReplicaLog('crm', (event, fields) => void lines.push({ event, ...fields }))
  const say = (event: string, count: number): void => {
    for (let number = 0; number < count; number += 1) log.say(event, `r/${number}`, { eras: [] })
  }
  return { lines, log, say }
}

test('twenty in a second are twenty lines, and what comes on top is one more of each kind', t => {
  const { lines, say } = ground(t)
  say('endpoint.up', 20)
  assert.equal(lines.length, 20)
  assert.deepEqual(lines[0], {
    event: 'endpoint.up',
    'ringmain.cluster': 'crm',
    'ringmain.replica': 'r/0',
    eras: [],
  })
  say('endpoint.up', 1_000)
  say('endpoint.down', 2)
  assert.equal(lines.length, 20)
  t.mock.timers.tick(1_000)
  const replicas = Array.from({ length: 10 }, (_, number) => `r/${number}`)
  assert.deepEqual(lines.slice(20), [
    { event: 'endpoint.up', 'ringmain.cluster': 'crm', count: 1_000, replicas },
    { event: 'endpoint.down', 'ringmain.cluster': 'crm', count: 2, replicas: ['r/0', 'r/1'] },
  ])
})

test('the next second begins anew, and an end says what is left', t => {
  const { lines, log, say } = ground(t)
  say('endpoint.up', 20)
  t.mock.timers.tick(1_000)
  say('endpoint.up', 21)
  assert.equal(lines.length, 40)
  log.flush()
  assert.equal(lines[40]?.['count'], 1)
  t.mock.timers.tick(5_000)
  assert.equal(lines.length, 41)
})
