// Which files a run takes: every test of ours, rules first, what needs the machine alone by itself.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { selectTests } from './select-tests.ts'

const folder = mkdtempSync(join(tmpdir(), 'ringmain-select-'))
after(() => rmSync(folder, { recursive: true, force: true }))
for (const file of [
  'a/x.test.ts',
  'a/x.ts',
  'ab/y.test.ts',
  'test/architecture/z.test.ts',
  'test/integration/w.test.ts',
  'node_modules/p/q.test.ts',
]) {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), '')
}

test('without a word every test of ours is taken, the rules first', () => {
  assert.deepEqual(selectTests(folder, []), {
    together: ['test/architecture/z.test.ts', 'a/x.test.ts', 'ab/y.test.ts'],
    alone: ['test/integration/w.test.ts'],
    unknown: [],
  })
})

test('a word takes a file or a whole folder, and not a folder that begins alike', () => {
  assert.deepEqual(selectTests(folder, ['./a/']).together, ['a/x.test.ts'])
  assert.deepEqual(selectTests(folder, ['ab/y.test.ts']).together, ['ab/y.test.ts'])
})

test('a word that takes nothing is named', () => {
  assert.deepEqual(selectTests(folder, ['a', 'c']).unknown, ['c'])
})
