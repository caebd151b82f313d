// `npm run test:edge`: every test of the edge and then the stories with its timed bars, with all figures in one block at the end.
// `--for=10m` fuzzes for longer, `--seed=N` again. Ends with 1 when anything failed, was skipped, or is not there.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { selectTests } from '#deploy/gates/select-tests.ts'
import { endGroup, type FileResult, runTestFile } from '#deploy/gates/test-file.ts'
import { fileReport } from '#deploy/gates/test-report.ts'
import { type EdgePart, edgeSummary, storyPart } from '#test/support/edge-summary.ts'
import { playStory } from '#test/support/play-story.ts'

const { values } = parseArgs({
  options: { for: { type: 'string', default: '30s' }, seed: { type: 'string' } },
})
const root = join(import.meta.dirname, '..', '..')
const FILE_TIMEOUT_MS = 180_000
const fuzzing = [`--for=${values.for}`, ...(values.seed ? [`--seed=${values.seed}`] : [])]
const STORIES: readonly (readonly [string, readonly string[]])[] = [
  ['edge-cost', []],
  ['slow-sockets', []],
  ['fuzz', fuzzing],
]
/** The story fuzzes for as long as it is told; its test only shows here that it would see. */
process.env['RINGMAIN_FUZZ_FOR'] ??= '2s'

const groups = new Set<number>()
process.once('exit', () => {
  for (const pid of groups) endGroup(pid)
})
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

async function testPart(file: string, scratch: string): Promise<EdgePart> {
  const onGroup = (pid: number, isRunning: boolean): void =>
    void (isRunning ? groups.add(pid) : groups.delete(pid))
  const result = await runTestFile(file, { root, scratch, timeoutMs: FILE_TIMEOUT_MS, onGroup })
  console.log(fileReport(result))
  const count = (kind: string): number => result.lines.filter(line => line.kind === kind).length
  const [passed, failed, skipped] = [count('passed'), count('failed'), count('skipped')]
  return {
    name: file,
    isMet: passed > 0 && failed + skipped === 0,
    figures: [`${passed} passed, ${failed} failed, ${skipped} skipped`, ...notesOf(result)],
  }
}

const notesOf = ({ lines }: FileResult): readonly string[] =>
  lines.flatMap(line => (line.kind === 'note' ? line.text.split('\n') : []))

async function tellPart(name: string, words: readonly string[]): Promise<EdgePart> {
  const file = join(root, 'test', 'stories', `${name}.ts`)
  const { output, code } = await playStory(file, words)
  return storyPart(name, output, code)
}

const scratch = mkdtempSync(join(tmpdir(), 'ringmain-edge-'))
const parts: EdgePart[] = []
try {
  const { together, alone } = selectTests(root, ['test/edge'])
  for (const file of [...together, ...alone]) parts.push(await testPart(file, scratch))
  for (const [name, words] of STORIES) parts.push(await tellPart(name, words))
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
console.log(`\n${edgeSummary(parts)}`)
process.exitCode = parts.every(({ isMet }) => isMet) ? 0 : 1
