// The linter's rules fire: its configuration is read, types reach it, and a planted fault of each kind is named.
// A type-aware linter that cannot load its types passes everything in silence.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { root } from './tree.ts'

const folder = mkdtempSync(join(tmpdir(), 'ringmain-lint-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const PLANTED: readonly (readonly [rule: string, code: string])[] = [
  ['no-floating-promises', 'Promise.resolve(1)'],
  ['no-misused-promises', 'export const a = [1].filter(async () => false)'],
  ['await-thenable', 'await 1'],
  ['no-explicit-any', 'export const a: any = 1'],
  ['only-throw-error', "throw 'a'"],
  ['no-empty', 'try {\n  JSON.parse("")\n} catch {}'],
  ['eqeqeq', 'export const a = (b: number): boolean => b == 1'],
  [
    'switch-exhaustiveness-check',
    "export function a(b: 'x' | 'y'): number {\n  switch (b) {\n    case 'x':\n      return 1\n  }\n  return 2\n}",
  ],
]

test('each planted fault is named by the rule that is for it', () => {
  copyFileSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { strict: true, module: 'esnext', target: 'esnext' } }),
  )
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  for (const [rule, code] of PLANTED)
    writeFileSync(join(folder, `${rule}.ts`), `${code}\nexport {}\n`)
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/.bin/oxlint'), '--type-aware', '--format=unix', '.'],
    { cwd: folder, encoding: 'utf8' },
  )
  const missing = PLANTED.filter(
    ([rule]) =>
      !stdout.split('\n').some(line => line.includes(`${rule}.ts:`) && line.includes(`(${rule})`)),
  )
  assert.deepEqual(missing, [], `${stdout}${stderr}`)
})
