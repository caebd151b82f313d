// One test file as a process: each way it can end is told apart, and nothing it started outlives it.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isRunning } from '#test/support/processes.ts'
import { until } from '#test/support/until.ts'
import type { TestLine } from './event-lines.ts'
import { type FileResult, runTestFile } from './test-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'ringmain-gate-'))
after(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(join(folder, 'package.json'), '{"type":"module"}')

function run(name: string, text: string, timeoutMs = 20_000): Promise<FileResult> {
  writeFileSync(join(folder, name), `import { describe, test } from 'node:test'\n${text}`)
  const options = { root: folder, scratch: folder, timeoutMs, onGroup: () => undefined }
  return runTestFile(name, options)
}

const shortly = ({ lines }: FileResult): readonly string[] =>
  lines.map((line: TestLine) =>
    line.kind === 'note' ? `note ${line.text}` : `${line.kind} ${line.name}`,
  )

test('every test is counted once, with its place, and a suite is none', async () => {
  const text = `
    test('a', t => { t.diagnostic('seed 7') })
    describe('b', () => { test('c', () => {}); test('d', { skip: 'why' }, () => {}) })
    test('e', () => { throw new Error('planted') })`
  const result = await run('counts.test.ts', text)
  assert.deepEqual(shortly(result), [
    'passed a',
    'note seed 7',
    'passed b > c',
    'skipped b > d',
    'failed e',
  ])
  assert.match(JSON.stringify(result.lines), /planted/)
})

test('a file that declares no test has failed', async () => {
  assert.match(JSON.stringify((await run('none.test.ts', '')).lines), /declares no test/)
})

test('a file that does not load has failed, and what it printed is kept', async () => {
  const result = await run('broken.test.ts', "throw new Error('planted')")
  assert.match(JSON.stringify(result.lines), /ended with code 1/)
  assert.match(result.output, /planted/)
})

test('a file whose process is killed has failed', async () => {
  const result = await run(
    'killed.test.ts',
    "test('a', () => process.kill(process.pid, 'SIGKILL'))",
  )
  assert.match(JSON.stringify(result.lines), /was ended by SIGKILL/)
})

test('a file that hangs is ended with what it started', async () => {
  const text = `
    import { spawn } from 'node:child_process'
    import { writeFileSync } from 'node:fs'
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })
    writeFileSync('child.pid', String(child.pid))
    test('a', () => {})`
  const result = await run('hangs.test.ts', text, 2_000)
  assert.match(JSON.stringify(result.lines), /did not end within 2 s/)
  const pid = Number(readFileSync(join(folder, 'child.pid'), 'utf8'))
  await until('the process to end', () => !isRunning(pid))
})
