// Gauges are told as they are now: what is gone is gone from the text as well, and takes no room from what is new.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTelemetry, type Observe } from './telemetry.ts'

test('a replica that has left is not told of any more, however many left before it', async t => {
  const telemetry = createTelemetry('test', '1')
  t.after(() => telemetry.close())
  let replicas: readonly string[] = []
  telemetry.gauges({
    descriptions: { 'x.health': 'One or none.', 'x.load': 'How much.' },
    read: (observe: Observe<'x.health' | 'x.load'>) => {
      for (const replica of replicas) {
        observe('x.health', 1, { replica })
        observe('x.load', 2.5, { replica })
      }
    },
  })
  const told = async (): Promise<readonly string[]> =>
    [...(await telemetry.scrape()).matchAll(/^(x_\w+)\{replica="(\w+)".*\} (\S+)$/gm)].map(
      ([, name, replica, value]) => `${name} ${replica} ${value}`,
    )
  assert.deepEqual(await told(), [])
  replicas = Array.from({ length: 3_000 }, (_, index) => `old${index}`)
  assert.equal((await told()).length, 6_000)
  replicas = ['new']
  assert.deepEqual(await told(), ['x_health new 1', 'x_load new 2.5'])
})
