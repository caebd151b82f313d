// Two routers that hold equal content must name the same version, and nobody may change a table that is in use.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileDocuments } from './compile-documents.ts'
import { canonical, deepFreeze } from './freeze-table.ts'

const cluster = (name: string, rest = '') => `apiVersion: ringmain.dev/v1
kind: Cluster
metadata: { name: ${name} }
spec: { discovery: { consul: { service: mcp } }${rest} }
`
const server = (clusters: string) => `apiVersion: ringmain.dev/v1
kind: VirtualServer
metadata: { name: default }
spec: { clusters: ${clusters} }
`

function tableOf(...texts: readonly string[]) {
  const compiled = compileDocuments(texts.map((text, index) => ({ file: `${index}.yaml`, text })))
  assert.ok('table' in compiled, JSON.stringify(compiled))
  return compiled.table
}

test('the version does not depend on files, order, comments or how a default is written', () => {
  const version = tableOf(cluster('a'), cluster('b'), server('[a, b]')).version
  assert.match(version, /^[0-9a-f]{16}$/)
  const same = [
    tableOf(server('[a, b]'), cluster('b'), cluster('a')),
    tableOf(`# All in one.\n${cluster('a')}---\n${server('[a, b]')}---\n${cluster('b')}`),
    tableOf(
      cluster('a', ', vendor: a, health: { timeout: 2000ms }'),
      cluster('b'),
      server('[a, b]'),
    ),
    tableOf(cluster('a'), cluster('b'), server('[{ prefix: a, cluster: a }, b]')),
  ]
  assert.deepEqual(
    same.map(table => table.version),
    same.map(() => version),
  )
})

test('the version changes with the content, and with the order that callers see', () => {
  const versions = [
    tableOf(cluster('a'), cluster('b'), server('[a, b]')),
    tableOf(cluster('a'), cluster('b'), server('[b, a]')),
    tableOf(cluster('a', ', path: /other'), cluster('b'), server('[a, b]')),
    tableOf(cluster('a'), cluster('b')),
  ].map(table => table.version)
  assert.equal(new Set(versions).size, versions.length)
})

test('a table is frozen all the way down', () => {
  const table = tableOf(cluster('a', ', eras: [modern]'), server('[a]'))
  const open: string[] = []
  const look = (value: unknown, path: string) => {
    if (typeof value !== 'object' || value === null) return
    if (!Object.isFrozen(value)) open.push(path)
    for (const [key, inner] of Object.entries(value)) look(inner, `${path}.${key}`)
  }
  look({ not: 'frozen' }, 'proof')
  assert.deepEqual(open, ['proof'], 'the look itself must find what is open')
  open.length = 0
  look(table, 'table')
  assert.deepEqual(open, [])
})

test('a name that a caller sends finds nothing of the language', () => {
  const table = tableOf(cluster('a'))
  for (const name of ['constructor', '__proto__', 'toString'])
    assert.equal(table.clusters[name], undefined)
})

test('the canonical form sorts keys, keeps lists, and drops what is undefined', () => {
  const value = { b: [2, 1], a: { d: 1, c: undefined } }
  assert.equal(canonical(value), '{"a":{"d":1},"b":[2,1]}')
})

test('freezing returns the same value', () => {
  const value = { inner: { list: [1] } }
  assert.equal(deepFreeze(value), value)
  assert.ok(Object.isFrozen(value.inner.list))
})
