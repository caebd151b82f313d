// The most specific rule holds, whatever the order of documents, and no name of a caller's finds what nobody wrote.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileDocuments } from './compile/compile-documents.ts'
import { toolPolicyOf } from './match-tool.ts'
import type { ToolRules } from './route-table.ts'

const tool = (name: string, spec: string): string =>
  `---\napiVersion: ringmain.dev/v1\nkind: Tool\nmetadata: { name: ${name} }\nspec: { cluster: crm, ${spec} }\n`
const CLUSTER = `apiVersion: ringmain.dev/v1
kind: Cluster
metadata: { name: crm }
spec: { discovery: { consul: { service: crm } } }
`

function rulesOf(...documents: readonly string[]): ToolRules | undefined {
  const compiled = compileDocuments([{ file: 'a.yaml', text: CLUSTER + documents.join('') }])
  assert.ok('table' in compiled)
  return compiled.table.tools['crm']
}

test('a whole name goes before a beginning, and a longer beginning before a shorter one', () => {
  const documents = [
    tool('all', "tools: ['*']"),
    tool('finds', "tools: ['find_*'], effect: read"),
    tool('people', "tools: ['find_people_*'], replay: safe"),
    tool('one', 'tools: [find_people_slowly], effect: read, replay: safe'),
  ]
  for (const ordered of [documents, documents.toReversed()]) {
    const rules = rulesOf(...ordered)
    for (const [name, effect, replay] of [
      ['find_people_slowly', 'read', 'safe'],
      ['find_people_fast', 'write', 'safe'],
      ['find_dogs', 'read', 'unsafe'],
      ['find', 'write', 'unsafe'],
      ['constructor', 'write', 'unsafe'],
    ] as const)
      assert.deepEqual(toolPolicyOf(rules, name), { effect, replay }, name)
  }
})

test('a tool that no document names has no rule, not even under the name of what every object has', () => {
  const rules = rulesOf(tool('one', 'tools: [find]'))
  for (const name of ['finds', 'constructor', '__proto__', 'toString', ''])
    assert.equal(toolPolicyOf(rules, name), undefined, name)
  assert.equal(toolPolicyOf(undefined, 'find'), undefined)
})
