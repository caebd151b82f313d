// The habits hold in the tree, and each rule is shown a violation that it must name.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  headerComments,
  noAny,
  noModuleState,
  noUnfinishedWork,
  type Rule,
  stageProperties,
} from './habits.ts'
import { readSource } from './source.ts'
import { readTree } from './tree.ts'

interface Habit {
  readonly says: string
  readonly rule: Rule
  readonly planted: readonly (readonly [path: string, text: string])[]
  readonly fine: readonly (readonly [path: string, text: string])[]
}

const stage = (decide: string): string =>
  `export interface Stage<A extends object = object> {\n  readonly name: string\n  ${decide}\n  readonly settle?: (call: A) => void\n}\n`

const HABITS: readonly Habit[] = [
  {
    says: 'every file begins with a comment that says what it is',
    rule: headerComments,
    planted: [
      ['a.ts', "import { a } from './a.ts'\n// Too late.\n"],
      ['a.mjs', '#!/usr/bin/env node\nrun()\n'],
      ['a.ts', '//\n'],
    ],
    fine: [
      ['a.ts', '// What it is.\n'],
      ['a.mjs', '#!/usr/bin/env node\n// What it is.\n'],
    ],
  },
  {
    says: 'no type is any',
    rule: noAny,
    planted: [
      ['a.ts', 'const a: any = 1'],
      ['a.ts', 'const a = b as any'],
      ['a.ts', 'type A = Record<string, any>'],
      ['a.ts', 'const a: any[] = []'],
    ],
    fine: [
      ['a.ts', '// any\nconst a = "any"\nAbortSignal.any([a])'],
      ['a.ts', 'const isAnyone = anyOf'],
    ],
  },
  {
    says: 'no comment puts work off',
    rule: noUnfinishedWork,
    planted: [
      ['a.ts', '// TODO later'],
      ['a.ts', '/* FIXME */'],
    ],
    fine: [['a.ts', "const a = 'TODO'"]],
  },
  {
    says: 'the router keeps no state in a module',
    rule: noModuleState,
    planted: [
      ['router/a.ts', 'let count = 0'],
      ['router/a.ts', 'export const seen = new Map<string, number>()'],
      ['router/a.ts', 'const recent = new LRUCache({ max: 1 })'],
      ['router/a.ts', 'const found: string[] = []'],
    ],
    fine: [
      ['router/a.ts', "const words: ReadonlySet<string> = new Set(['a'])"],
      ['router/a.ts', 'export function a() {\n  let count = 0\n  const seen = new Map()\n}'],
      ['router/a.test.ts', 'let count = 0'],
    ],
  },
  {
    says: 'what a stage does is a property of the kit and no method',
    rule: stageProperties,
    planted: [
      ['router/pipeline/stage.ts', stage('decide(call: A): void')],
      ['router/pipeline/stage.ts', stage('readonly name: string')],
      ['router/pipeline/stage.ts', 'export type Stage = object'],
    ],
    fine: [['router/pipeline/stage.ts', stage('readonly decide: (call: A) => void')]],
  },
]

const tree = readTree()

for (const { says, rule, planted, fine } of HABITS) {
  test(says, () => {
    assert.ok(tree.length > 50, `only ${tree.length} files were seen`)
    assert.deepEqual(rule(tree), [])
  })

  test(`a violation is found: ${says}`, () => {
    for (const [path, text] of planted)
      assert.notDeepEqual(rule([readSource(path, text)]), [], `${path}: ${text}`)
    for (const [path, text] of fine)
      assert.deepEqual(rule([readSource(path, text)]), [], `${path}: ${text}`)
  })
}

test('the kit that the rule about stages reads is where the rule looks', () => {
  assert.ok(tree.some(({ path }) => path === 'router/pipeline/stage.ts'))
})
