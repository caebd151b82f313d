// What is told, and when: each change once, nothing twice, and never a table that the router has not taken.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileDocuments } from '#routes/compile/compile-documents.ts'
import type { Problem } from '#routes/compile/problems.ts'
import { fileProblem } from '#routes/compile/read-documents.ts'
import type { RouteTable } from '#routes/route-table.ts'
import { TableInForce } from './table-in-force.ts'

function loaded(name: string, rest = '') {
  const text = `apiVersion: ringmain.dev/v1
kind: Cluster
metadata: { name: ${name} }
spec: { discovery: { consul: { service: mcp } }${rest} }
`
  const compiled = compileDocuments([{ file: 'a.yaml', text }])
  assert.ok('table' in compiled)
  return compiled
}

function start(apply: (table: RouteTable) => void | Promise<void> = () => {}) {
  const told: string[] = []
  const inForce = new TableInForce(loaded('first'), {
    directory: 'policies',
    log: {
      info: (_, says) => told.push(`info: ${says}`),
      warn: (_, says) => told.push(`warn: ${says}`),
    },
    onTable: async table => {
      await apply(table)
      told.push(`table: ${Object.keys(table.clusters).join()}`)
    },
    onProblem: (problems: readonly Problem[] | undefined) =>
      told.push(`problems: ${problems?.length ?? 'none'}`),
  })
  return { inForce, told }
}

test('the first table is in force and told to nobody', () => {
  const { inForce, told } = start()
  assert.deepEqual([inForce.problem, told], [undefined, []])
})

test('a changed table is told once', async () => {
  const { inForce, told } = start()
  await inForce.accept(loaded('second'))
  await inForce.accept(loaded('second'))
  assert.deepEqual(told, ['table: second', 'info: a new table is in force'])
  assert.deepEqual(Object.keys(inForce.table.clusters), ['second'])
})

test('problems leave the table in force, are told once, and are told to be over', async () => {
  const { inForce, told } = start()
  const before = inForce.table
  inForce.refuse([fileProblem('a.yaml', 'broken')])
  inForce.refuse([fileProblem('a.yaml', 'broken')])
  assert.equal(inForce.table, before)
  assert.equal(inForce.problem, 'a.yaml:1:1  broken')
  await inForce.accept(loaded('first'))
  assert.equal(inForce.problem, undefined)
  assert.deepEqual(told, [
    'warn: the policy documents cannot be used; the table before them stays in force:\na.yaml:1:1  broken',
    'problems: 1',
    'info: the policy documents are right again',
    'problems: none',
  ])
})

for (const [how, apply] of [
  ['at once', () => assert.fail('no socket left')],
  ['after a while', () => Promise.reject(new Error('no socket left'))],
] as const)
  test(`a table that cannot be applied, which shows ${how}, leaves the one before it in force and says why`, async () => {
    const { inForce, told } = start(apply)
    const before = inForce.table
    await inForce.accept(loaded('second'))
    assert.equal(inForce.table, before)
    assert.match(inForce.problem ?? '', /the table cannot be applied: no socket left/)
    assert.equal(told.at(-1), 'problems: 1')
  })

test('a table is in force, and problems are over, only when the router has taken it', async () => {
  const taken = Promise.withResolvers<void>()
  const { inForce, told } = start(() => taken.promise)
  inForce.refuse([fileProblem('a.yaml', 'broken')])
  const before = inForce.table
  const accepting = inForce.accept(loaded('second'))
  assert.deepEqual([inForce.table, inForce.problem], [before, 'a.yaml:1:1  broken'])
  taken.resolve()
  await accepting
  assert.deepEqual(Object.keys(inForce.table.clusters), ['second'])
  assert.equal(inForce.problem, undefined)
  assert.deepEqual(told.slice(-4), [
    'table: second',
    'info: a new table is in force',
    'info: the policy documents are right again',
    'problems: none',
  ])
})

test('many problems are cut in the status, not for the listener', () => {
  const { inForce, told } = start()
  inForce.refuse(Array.from({ length: 25 }, (_, index) => fileProblem(`${index}.yaml`, 'broken')))
  assert.equal(inForce.problem?.split('\n').length, 11)
  assert.match(inForce.problem ?? '', /… and 15 more$/)
  assert.equal(told.at(-1), 'problems: 25')
})

test('a warning is logged when it appears, and not again', async () => {
  const { inForce, told } = start()
  await inForce.accept(loaded('first', ', addresses: { allow: [10.0.0.1/8] }'))
  await inForce.accept(loaded('first', ', addresses: { allow: [10.0.0.1/8] }'))
  assert.equal(told.filter(line => line.startsWith('warn: a.yaml')).length, 1)
  assert.equal(inForce.problem, undefined)
})
