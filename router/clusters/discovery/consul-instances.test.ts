// How one entry of a health answer becomes an instance, and which answers are not believed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createConsulReading } from './consul-instances.ts'
import type { Instance } from './instance.ts'

function readConsulInstances(body: readonly unknown[]) {
  const reading = createConsulReading()
  for (const entry of body) reading.add(entry)
  return reading.result()
}

interface Parts {
  readonly node?: object
  readonly service?: object
  readonly checks?: readonly object[]
}

const entry = ({ node = {}, service = {}, checks = [] }: Parts = {}) => ({
  Node: { Node: 'n1', Address: '10.0.0.1', ...node },
  Service: {
    ID: 'a',
    Address: '10.0.0.2',
    Port: 9_000,
    Weights: { Passing: 3, Warning: 2 },
    ...service,
  },
  Checks: [{ CheckID: 'serfHealth', Name: 'Serf Health Status', Status: 'passing' }, ...checks],
})

function readOne(parts: Parts): Instance & { readonly notes: readonly string[] } {
  const reading = readConsulInstances([entry(parts)])
  assert.ok('instances' in reading, JSON.stringify(reading))
  const [instance] = reading.instances
  assert.ok(instance !== undefined, reading.notes.join())
  return { ...instance, notes: reading.notes }
}

test('an instance is known by node and service id, and met at the address of the service', () => {
  assert.deepEqual(readOne({}), {
    key: 'n1/a',
    host: '10.0.0.2',
    port: 9_000,
    node: 'n1',
    weight: 3,
    state: 'ready',
    notes: [],
  })
})

test('a slash in the name of a node makes two instances no single one', () => {
  const reading = readConsulInstances([
    entry({ node: { Node: 'a/b' }, service: { ID: 'c' } }),
    entry({ node: { Node: 'a' }, service: { ID: 'b/c' } }),
    entry({ node: { Node: 'a%2Fb' }, service: { ID: 'c' } }),
  ])
  assert.ok('instances' in reading)
  assert.deepEqual(
    [reading.instances.map(({ key }) => key), reading.notes],
    [['a%2Fb/c', 'a/b/c', 'a%252Fb/c'], []],
  )
})

test('a service without an address is met at the address of its node', () => {
  assert.equal(readOne({ service: { Address: '' } }).host, '10.0.0.1')
})

test('any critical check takes it down by name, that of the node included', () => {
  const own = readOne({
    checks: [{ CheckID: 'service:a', Name: 'beat', Status: 'critical', Output: 'x' }],
  })
  assert.deepEqual([own.state, own.reason], ['down', 'check beat is critical'])
  const node = readConsulInstances([
    {
      ...entry(),
      Checks: [{ CheckID: 'serfHealth', Name: 'Serf Health Status', Status: 'critical' }],
    },
  ])
  assert.ok('instances' in node)
  assert.equal(node.instances[0]?.reason, 'check Serf Health Status is critical')
})

test('maintenance of the service or of its node takes it down with the reason given', () => {
  const service = {
    CheckID: '_service_maintenance:a',
    Name: 'Service Maintenance Mode',
    Status: 'critical',
    Notes: 'disk',
  }
  const node = {
    CheckID: '_node_maintenance',
    Name: 'Node Maintenance Mode',
    Status: 'critical',
    Notes: '',
  }
  const failing = { CheckID: 'A', Name: 'A', Status: 'critical' }
  assert.equal(readOne({ checks: [failing, service] }).reason, 'maintenance: disk')
  assert.equal(readOne({ checks: [node] }).reason, 'maintenance')
})

test('a warning leaves it ready, with the weight meant for a warning', () => {
  const checks = [{ CheckID: 'w', Name: 'w', Status: 'warning' }]
  const { state, weight } = readOne({ checks })
  assert.deepEqual({ state, weight }, { state: 'ready', weight: 2 })
  const none = readOne({ checks, service: { Weights: { Passing: 1, Warning: 0 } } })
  assert.deepEqual([none.state, none.reason], ['down', 'check w warns and its warning weight is 0'])
})

test('a replica that says it drains is draining; one that is also critical is down', () => {
  const service = { Meta: { 'rm-drain': '1' } }
  assert.equal(readOne({ service }).state, 'draining')
  const checks = [{ CheckID: 'c', Name: 'c', Status: 'critical' }]
  assert.equal(readOne({ service, checks }).state, 'down')
})

test('hints of the meta come along, and what is ignored is noted under the key', () => {
  const meta = { 'rm-path': '/mcp', 'rm-zone': 'z', 'rm-eras': 'odd' }
  const { path, zone, eras, notes } = readOne({ service: { Meta: meta } })
  assert.deepEqual({ path, zone, eras }, { path: '/mcp', zone: 'z', eras: undefined })
  assert.match(notes.join(), /^n1\/a: meta rm-eras is malformed/)
})

test('a weight out of range is brought into it, and noted', () => {
  const weigh = (weights: unknown) => {
    const { weight, notes } = readOne({ service: { Weights: weights } })
    return [weight, notes.length]
  }
  assert.deepEqual(weigh({ Passing: 65_535, Warning: 1 }), [1_000, 1])
  assert.deepEqual(weigh({ Passing: 1_000 }), [1_000, 0])
  assert.deepEqual(weigh({ Passing: -1, Warning: 1 }), [1, 1])
  assert.deepEqual(weigh({ Passing: 0, Warning: 1 }), [1, 1])
  assert.deepEqual(weigh({ Passing: 1.5 }), [1, 1])
  assert.deepEqual(weigh({ Passing: 'x' }), [1, 1])
  assert.deepEqual(weigh(undefined), [1, 0])
})

test('an instance without a port or with an odd address is left out, and noted', () => {
  for (const service of [
    { Port: 0 },
    { Port: 65_536 },
    { Port: 80.5 },
    { Port: '80' },
    { Address: 'a b' },
    { Address: 'x/../y' },
  ]) {
    const reading = readConsulInstances([entry({ service }), entry({ service: { ID: 'b' } })])
    assert.ok('instances' in reading)
    assert.deepEqual(
      [reading.instances.length, reading.notes.length],
      [1, 1],
      JSON.stringify(service),
    )
  }
})

test('an instance whose name would be obeyed by a terminal, or fill a page, is left out, and noted without it', () => {
  const odd = ['a\u001b[2Jb', 'a\rb', 'a\u202eb', 'x'.repeat(257)]
  for (const id of odd)
    for (const parts of [{ service: { ID: id } }, { node: { Node: id } }]) {
      const reading = readConsulInstances([entry(), entry(parts)])
      assert.ok('instances' in reading)
      assert.deepEqual([reading.instances.length, reading.notes.length], [1, 1])
      assert.match(
        reading.notes[0] ?? '',
        /^an entry: its node or its service id is longer than 256/,
      )
    }
  for (const id of ['bü ro', 'x'.repeat(256)])
    assert.equal(readOne({ service: { ID: id } }).key, `n1/${id}`)
})

test('more instances than a router can hold are refused as a whole, as half a set must not stand for it', () => {
  const many = (count: number) =>
    readConsulInstances(
      Array.from({ length: count }, (_, at) => entry({ service: { ID: `s${at}` } })),
    )
  assert.ok('instances' in many(20_000))
  assert.deepEqual(many(20_001), { garbled: 'it has more than 20000 entries' })
})

test("an answer with an entry that is not Consul's is refused as a whole", () => {
  const odd = [
    [entry(), {}],
    [entry(), null],
    [entry({ node: { Node: '' } })],
    [entry({ service: { ID: 5 } })],
    [{ ...entry(), Checks: undefined }],
    [{ ...entry(), Checks: null }],
    [{ ...entry(), Checks: { Status: 'passing' } }],
    [{ ...entry(), Checks: [...entry().Checks, null] }],
    [{ ...entry(), Checks: ['passing'] }],
  ]
  for (const body of odd) assert.ok('garbled' in readConsulInstances(body), JSON.stringify(body))
})

test('an entry is told by its place, counted over those that were known', () => {
  const reading = createConsulReading()
  const known = reading.add(entry()) as Instance
  const next = createConsulReading()
  next.repeat(known)
  next.add(entry({ service: { ID: 'b' } }))
  next.add({})
  next.add(entry({ service: { ID: '' } })) // the first that is wrong is told
  next.repeat(known)
  assert.deepEqual(next.result(), { garbled: 'entry 2 has no node or no service id' })
})

test('oddities beyond the first hundred are not kept', () => {
  const body = Array.from({ length: 150 }, (_, at) => entry({ service: { ID: `s${at}`, Port: 0 } }))
  const reading = readConsulInstances(body)
  assert.ok('notes' in reading)
  assert.deepEqual([reading.notes.length, reading.notes.at(-1)?.slice(0, 6)], [100, 'n1/s99'])
})

test('what is said of a check cannot be obeyed by a terminal or fill a page, and is never nothing', () => {
  const odd = `a\u001b[2J${'x'.repeat(500)}`
  const shown = `a [2J${'x'.repeat(195)}`
  const reasonOf = (check: object, service = {}) => readOne({ checks: [check], service }).reason
  const maintenance = { CheckID: '_node_maintenance', Status: 'critical' }
  assert.equal(reasonOf({ ...maintenance, Notes: odd }), `maintenance: ${shown}`)
  assert.equal(reasonOf({ Name: odd, Status: odd }), `check ${shown} is ${shown}`)
  assert.equal(reasonOf({ CheckID: 'c', Name: '' }), 'check c is unknown')
  const warning = { CheckID: 'w', Name: '', Status: 'warning' }
  assert.equal(
    reasonOf(warning, { Weights: { Passing: 1, Warning: 0 } }),
    'check w warns and its warning weight is 0',
  )
})

test('the first check that fails is told, by its id, in whatever order they come', () => {
  const checks = ['c', 'a', 'b'].map(id => ({ CheckID: id, Name: `of ${id}`, Status: 'critical' }))
  for (const order of [checks, checks.toReversed()])
    assert.equal(readOne({ checks: order }).reason, 'check of a is critical')
})

test('that a check failed is said, unless somebody took the replica out', () => {
  const failing = { CheckID: 'c', Name: 'c', Status: 'critical' }
  const warning = { ...failing, Status: 'warning' }
  const maintenance = { ...failing, CheckID: '_node_maintenance' }
  const said = (...parts: Parameters<typeof readOne>) => readOne(...parts).hasFailedCheck ?? false
  assert.equal(said({ checks: [failing] }), true)
  assert.equal(said({ checks: [warning], service: { Weights: { Passing: 1, Warning: 0 } } }), true)
  assert.equal(said({}), false)
  assert.equal(said({ checks: [warning] }), false)
  assert.equal(said({ checks: [failing, maintenance] }), false)
  assert.equal(said({ checks: [failing], service: { Meta: { 'rm-drain': 'true' } } }), false)
})

test('only a check of the name that Consul gives is maintenance', () => {
  const checks = [{ CheckID: 'my_service_maintenance:a', Name: 'mine', Status: 'critical' }]
  assert.equal(readOne({ checks }).reason, 'check mine is critical')
})

test('a replica that drains says so, and a node of its own name is believed', () => {
  const meta = { 'rm-drain': '1', 'rm-node': 'n2' }
  const { reason, node, key } = readOne({ service: { Meta: meta } })
  assert.deepEqual([reason, node, key], ['rm-drain', 'n2', 'n1/a'])
})

test('no body whatever makes the reader throw', t => {
  const seed = Date.now() % 1_000_000
  t.diagnostic(`seed ${seed}`)
  const shaped = fc.record({
    Node: fc.oneof(fc.anything(), fc.record({ Node: fc.string(), Address: fc.anything() })),
    Service: fc.oneof(
      fc.anything(),
      fc.record({
        ID: fc.string(),
        Port: fc.anything(),
        Meta: fc.anything(),
        Weights: fc.anything(),
      }),
    ),
    Checks: fc.oneof(
      fc.anything(),
      fc.array(fc.record({ CheckID: fc.anything(), Status: fc.anything() })),
    ),
  })
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.anything(), shaped)), body => {
      readConsulInstances(body)
    }),
    { seed, numRuns: 500 },
  )
})
