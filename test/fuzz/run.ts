// `npm run test:fuzz`: every property, those of codecs, cursors, sealed states and framing among them, ten times as long as in `npm test`, each with its seed.
// `-- --times=100` takes longer, `--seed=N` repeats one. Ends with 1 when anything failed, or when a file held no property.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { selectTests } from '#deploy/gates/select-tests.ts'
import { endGroup, runTestFile } from '#deploy/gates/test-file.ts'
import { fileReport } from '#deploy/gates/test-report.ts'

const { values } = parseArgs({
  options: { times: { type: 'string', default: '10' }, seed: { type: 'string' } },
})
for (const [name, given] of Object.entries(values))
  if (!/^\d{1,9}$/.test(given)) {
    console.error(`--${name} takes a whole number, not ${given}`)
    process.exit(64)
  }
process.env['RINGMAIN_FUZZ_TIMES'] = values.times
if (values.seed !== undefined) process.env['RINGMAIN_SEED'] = values.seed

const root = join(import.meta.dirname, '..', '..')
const FILE_TIMEOUT_MS = 600_000
/** What makes a test a property. */
const MARK = 'fc.assert('

const groups = new Set<number>()
const endAll = (): void => {
  for (const pid of groups) endGroup(pid)
}
process.once('exit', endAll)
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

const { together, alone } = selectTests(root, [])
const files = [...together, ...alone].filter(file =>
  readFileSync(join(root, file), 'utf8').includes(MARK),
)
const scratch = mkdtempSync(join(tmpdir(), 'ringmain-fuzz-'))
const onGroup = (pid: number, isRunning: boolean): void =>
  void (isRunning ? groups.add(pid) : groups.delete(pid))
let [passed, failed] = [0, 0]
try {
  for (const file of files) {
    const result = await runTestFile(file, { root, scratch, timeoutMs: FILE_TIMEOUT_MS, onGroup })
    console.log(fileReport(result))
    passed += result.lines.filter(({ kind }) => kind === 'passed').length
    failed += result.lines.filter(({ kind }) => kind === 'failed').length
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
console.log(`${files.length} files with properties, ${values.times} times as long as in npm test`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
