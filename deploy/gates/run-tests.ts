// `npm test`: runs the test files, shows failures in full, and counts what ran, failed and was skipped.
// A run of zero tests is a failure: a check that looked at nothing has not passed.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { provideTool } from '#deploy/tools/build.mjs'
import { formatDuration } from '#foundation/duration.ts'
import { selectTests } from './select-tests.ts'
import { endGroup, type FileResult, runTestFile } from './test-file.ts'
import { exitCodeOf, fileReport, finalReport, refuseMissingParts } from './test-report.ts'

const TOGETHER = 2
const FILE_TIMEOUT_MS = 120_000
const root = join(import.meta.dirname, '..', '..')

async function main(words: readonly string[]): Promise<number> {
  const { together, alone, unknown } = selectTests(root, words)
  if (unknown.length > 0) {
    console.error(`no test is at ${unknown.join(', ')}; name files or folders from the root`)
    return 1
  }
  const files = [...together, ...alone]
  if (files.some(file => /consul/i.test(readFileSync(join(root, file), 'utf8'))))
    await provideTool('consul')
  const began = performance.now()
  console.log(`running ${files.length} test files`)
  const results = [...(await runAll(together, TOGETHER)), ...(await runAll(alone, 1))]
  console.log(`took ${formatDuration(performance.now() - began)}`)
  const judged =
    process.env['RINGMAIN_REQUIRE_REAL'] === '1' ? results.map(refuseMissingParts) : results
  console.log(finalReport(judged))
  return exitCodeOf(judged)
}

async function runAll(files: readonly string[], lanes: number): Promise<readonly FileResult[]> {
  const waiting = [...files]
  const results: FileResult[] = []
  const lane = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const result = await runTestFile(file, { root, scratch, timeoutMs: FILE_TIMEOUT_MS, onGroup })
      console.log(fileReport(result))
      results.push(result)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return results
}

const scratch = mkdtempSync(join(tmpdir(), 'ringmain-tests-'))
const groups = new Set<number>()

function onGroup(pid: number, isRunning: boolean): void {
  if (isRunning) groups.add(pid)
  else groups.delete(pid)
}

function leave(code: number): void {
  for (const pid of groups) endGroup(pid)
  rmSync(scratch, { recursive: true, force: true })
  process.exit(code)
}

process.on('SIGINT', () => leave(130))
process.on('SIGTERM', () => leave(143))
process.on('disconnect', () => leave(143)) // whoever started this was killed
leave(await main(process.argv.slice(2)))
