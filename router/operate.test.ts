// What an operator may ask, what is refused in words, and what the cluster then does.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { ejectingCluster } from '#test/support/ejecting-cluster.ts'
import { type Answer, operate } from './operate.ts'
import { Overrides } from './overrides.ts'

const A = '127.0.0.1:1'
const B = '127.0.0.1:2'

async function ground(t: TestContext) {
  const said: object[] = []
  const overrides = new Overrides({ nowMs: () => 0, wallMs: () => 0 }, () => undefined)
  const scene = await ejectingCluster(t, 2, {}, { decisions: overrides.about('crm') })
  t.after(() => overrides.close())
  const ports = {
    cluster: (name: string) => (name === 'crm' ? scene.cluster : undefined),
    overrides,
    log: (event: string, fields: object) => void said.push({ event, ...fields }),
  }
  const ask = (body: unknown): Answer => operate(ports, body)
  const forA = (rest: object): Answer => ask({ cluster: 'crm', replica: A, ...rest })
  return { ...scene, said, ask, forA, overrides }
}

const AWHILE = { forMs: 60_000, reason: 'a look' }

test('a drained replica gets nothing new from the next choice on, until it is ready again', async t => {
  const { forA, chosen, said, endpoints } = await ground(t)
  assert.equal(forA({ action: 'drain', ...AWHILE }).status, 200)
  assert.deepEqual([...chosen(50).keys()], [B])
  assert.deepEqual(said, [
    {
      event: 'router.override',
      'ringmain.cluster': 'crm',
      'ringmain.replica': A,
      action: 'drain',
      state: 'draining',
      ...AWHILE,
    },
  ])
  forA({ action: 'ready' })
  assert.equal(endpoints[0]?.instance.state, 'ready')
  assert.equal(chosen(200).has(A), true)
})

test('maintenance ends sessions as well, and a weight changes the share', async t => {
  const { forA, endpoints } = await ground(t)
  forA({ action: 'weight', weight: 9, ...AWHILE })
  assert.deepEqual([endpoints[0]?.instance.state, endpoints[0]?.instance.weight], ['ready', 9])
  forA({ action: 'maint', ...AWHILE })
  assert.equal(endpoints[0]?.instance.state, 'down')
})

test('a weight does not bring back what somebody has taken out', async t => {
  const { forA, endpoints, overrides } = await ground(t)
  for (const [action, state] of [
    ['drain', 'draining'],
    ['maint', 'down'],
  ] as const) {
    forA({ action, forMs: 60_000, reason: 'a full disk' })
    assert.deepEqual(forA({ action: 'weight', weight: 9, ...AWHILE }), {
      status: 409,
      body: { error: `it is ${state} by hand (a full disk): make it ready first` },
    })
    assert.equal(endpoints[0]?.instance.state, state)
    assert.equal(overrides.of('crm', A).override?.state, state)
  }
})

test('what was decided is in force again for a replica that was away, and can be ended while it is', async t => {
  const { forA, ask, chosen, cluster, discovery, pass, overrides } = await ground(t)
  forA({ action: 'force-open' })
  forA({ action: 'drain', ...AWHILE })
  discovery.publish(instanceAt(2))
  await pass(50)
  assert.equal(cluster.endpoint(A), undefined)
  assert.equal(forA({ action: 'ready' }).status, 200)
  discovery.publish(instanceAt(1), instanceAt(2))
  await pass(1_000)
  assert.equal(cluster.endpoint(A)?.instance.state, 'ready')
  assert.deepEqual([...chosen(50).keys()], [B])
  discovery.publish(instanceAt(2))
  await pass(50)
  assert.equal(forA({ action: 'reset' }).status, 200)
  assert.equal(overrides.has('crm', A), false)
  assert.equal(forA({ action: 'reset' }).status, 404)
  assert.equal(ask({ cluster: 'crm', replica: 'c', action: 'force-open' }).status, 404)
})

test('a breaker is held open, held closed and reset', async t => {
  const { forA, endpoints, chosen } = await ground(t)
  forA({ action: 'force-open' })
  assert.deepEqual([...chosen(50).keys()], [B])
  forA({ action: 'force-close' })
  assert.deepEqual(endpoints[0]?.breaker?.view(0), {
    state: 'closed',
    isForced: true,
    wouldBeEjected: false,
  })
  forA({ action: 'reset' })
  assert.equal(endpoints[0]?.breaker?.isForced, false)
})

test('what cannot be done is refused with what is wrong, and changes nothing', async t => {
  const { ask, forA, overrides, said } = await ground(t)
  const error = ({ status, body }: Answer): string => `${status} ${String(body['error'])}`
  for (const [answer, expected] of [
    [ask(undefined), '400 a JSON object is needed'],
    [ask([]), '400 a JSON object is needed'],
    [ask({ cluster: 'else' }), '404 there is no cluster else'],
    [ask({ cluster: 'crm', replica: 7 }), '404 crm has no replica without a name'],
    [forA({ action: 'toString' }), '400 no such action, or a weight that is not from 1 to 1000'],
    [
      forA({ action: 'weight', weight: 1.5, ...AWHILE }),
      '400 no such action, or a weight that is not from 1 to 1000',
    ],
    [forA({ action: 'drain', reason: 'a' }), '400 it must say for how long, from 1s to 24h'],
    [
      forA({ action: 'drain', reason: 'a', forMs: Number.NaN }),
      '400 it must say for how long, from 1s to 24h',
    ],
    [forA({ action: 'drain', forMs: 60_000, reason: ' ' }), '400 it must say why'],
  ] as const)
    assert.equal(error(answer), expected)
  assert.equal(overrides.has('crm', A), false)
  assert.deepEqual(said, [])
})
