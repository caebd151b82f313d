// What a registry file may say, and how it is told what is wrong with it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readRegistryFile, replicasIn } from './registry-file.ts'

const replicasOf = (text: string, service: string) => {
  const reading = readRegistryFile(text)
  return 'problem' in reading ? reading : replicasIn(reading.registry, service)
}

const problemOf = (text: string) => {
  const reading = replicasOf(text, 'mcp-a')
  return 'problem' in reading ? reading.problem : ''
}

test('every field of a replica is read, and the optional ones may be missing', () => {
  const text = `services:
  mcp-a:
    - { id: a-1, address: 127.0.0.1, port: 9001, path: /mcp, weight: 5, zone: eu1, eras: [modern, legacy], state: draining }
    - id: a-2
      address: localhost
      port: 9002
  mcp-b: []
`
  assert.deepEqual(replicasOf(text, 'mcp-a'), {
    notes: [],
    instances: [
      {
        key: 'a-1',
        host: '127.0.0.1',
        port: 9_001,
        weight: 5,
        state: 'draining',
        reason: 'the registry file says draining',
        path: '/mcp',
        zone: 'eu1',
        eras: ['modern', 'legacy'],
      },
      { key: 'a-2', host: 'localhost', port: 9_002, weight: 1, state: 'ready' },
    ],
  })
  assert.deepEqual(replicasOf(text, 'mcp-b'), { instances: [], notes: [] })
})

test('JSON is read as well', () => {
  const text = JSON.stringify({ services: { 'mcp-a': [{ id: 'a', address: '::1', port: 1 }] } })
  const reading = replicasOf(text, 'mcp-a')
  assert.equal('instances' in reading && reading.instances[0]?.host, '::1')
})

test('a service that the file does not name has no replicas, and the names it has are told', () => {
  const reading = replicasOf('services: { mcp-b: [] }', 'mcp-a')
  assert.deepEqual(reading, {
    instances: [],
    notes: ['it names no service mcp-a; it names: mcp-b'],
  })
})

test('a file that holds nothing is a file half written, not one that says none', () => {
  for (const text of ['', '  \n\n']) assert.match(problemOf(text), /empty/)
  for (const text of ['# only a remark\n', 'null', '[]', 'text', 'services:', 'services: []'])
    assert.match(problemOf(text), /expected a mapping/, text)
  assert.deepEqual(replicasOf('services: {}', 'mcp-a').hasOwnProperty('instances'), true)
})

test('a wrong field is told with its line, what was expected and what was there', () => {
  const wrong: Readonly<Record<string, RegExp>> = {
    'port: 0': /line 3: services\.mcp-a\.0\.port: expected a whole number from 1 to 65535, got 0/,
    'port: "80"': /got "80"/,
    'port: 80, prot: 1': /prot: unknown key; known: id, address, port/,
    'port: 80, __proto__: 1': /unknown key/,
    'port: 80, path: mcp': /path that begins with \//,
    'port: 80, weight: 0': /1 to 1000/,
    'port: 80, weight: 1.5': /1 to 1000/,
    'port: 80, eras: [future]': /list of legacy, modern/,
    'port: 80, eras: []': /list of legacy, modern/,
    'port: 80, state: gone': /ready, draining or down/,
    'zone: z': /port is missing/,
  }
  for (const [fields, expected] of Object.entries(wrong))
    assert.match(
      problemOf(`services:\n  mcp-a:\n    - { id: a, address: h, ${fields} }\n`),
      expected,
    )
})

test('one bad entry refuses the whole file, and all problems are told, the first five in full', () => {
  const entries = Array.from(
    { length: 7 },
    (_, position) => `    - { id: a${position}, address: h }`,
  )
  const problem = problemOf(`services:\n  mcp-b:\n${entries.join('\n')}\n  mcp-a: []\n`)
  assert.match(problem, /line 3: .*line 7: .*and 2 more$/)
})

test('a replica that stands twice, a key that stands twice, broken YAML and a bomb are refused', () => {
  const one = '{ id: a, address: h, port: 1 }'
  assert.match(problemOf(`services: { mcp-a: [${one}, ${one}] }`), /stands twice/)
  assert.match(problemOf('services: {}\nservices: {}'), /line 2: .*unique/i)
  assert.match(problemOf('services: {'), /line 1/)
  const bomb = ['a0: &a0 [x, x, x]']
  for (let depth = 1; depth < 9; depth += 1)
    bomb.push(
      `a${depth}: &a${depth} [${Array.from({ length: 9 }, () => `*a${depth - 1}`).join(', ')}]`,
    )
  assert.match(problemOf(bomb.join('\n')), /alias/)
})

test('no text whatever makes the reader throw', t => {
  const seed = Date.now() % 1_000_000
  t.diagnostic(`seed ${seed}`)
  const near = fc.json().map(json => `services: { mcp-a: [${json}] }`)
  fc.assert(
    fc.property(fc.oneof(fc.string(), near), text => {
      replicasOf(text, 'mcp-a')
    }),
    { seed, numRuns: 300 },
  )
})
