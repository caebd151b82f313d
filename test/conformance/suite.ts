// The official conformance suite as a process: started, and what it wrote of each scenario read again.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')
const SUITE = join(ROOT, 'node_modules', '@modelcontextprotocol', 'conformance', 'dist', 'index.js')

export const REVISIONS = ['2026-07-28', '2025-11-25'] as const
export type Revision = (typeof REVISIONS)[number]

export interface Check {
  readonly id: string
  /** What must hold. */
  readonly description: string
  readonly isMet: boolean
  /** What the suite says of it when it is not met. */
  readonly says: string
}

export interface Scenario {
  readonly name: string
  readonly checks: readonly Check[]
}

export interface SuiteRun {
  /** 0 when the suite is content; what it does not score for a revision does not count. */
  readonly code: number | null
  readonly scenarios: readonly Scenario[]
  /** Everything it printed. */
  readonly output: string
}

/** What `checks.json` of a scenario holds, as far as it is read here. */
interface WrittenCheck {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly status: string
  readonly errorMessage?: string
}

/** `words`: the command of the suite and its options, without the folder for what it writes. */
export async function runSuite(words: readonly string[]): Promise<SuiteRun> {
  const folder = mkdtempSync(join(tmpdir(), 'ringmain-conformance-'))
  try {
    const { code, output } = await suite([...words, '--output-dir', folder])
    return { code, output, scenarios: readScenarios(folder) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Names of the client scenarios that a revision requires, and of those that are run with them. */
export async function clientScenarios(revision: Revision): Promise<readonly string[]> {
  const { output } = await suite(['list', '--requirements', revision])
  const [, required = ''] = output.split('Client scenarios')
  const [listed = '', unscored = ''] = required.split('Run and reported')
  const names = [...listed.matchAll(/^ {2}- (\S+)$/gm), ...unscored.matchAll(/- (\S+) \[client\]/g)]
  return names.flatMap(([, name]) => (name === undefined ? [] : [name]))
}

async function suite(
  words: readonly string[],
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, [SUITE, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  const end = (): boolean => child.kill('SIGKILL')
  process.once('exit', end)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  const [code] = (await once(child, 'close')) as [number | null]
  process.off('exit', end)
  return { code, output }
}

function readScenarios(folder: string): readonly Scenario[] {
  return globSync('**/checks.json', { cwd: folder })
    .map(file => ({ name: nameOf(dirname(file)), checks: readChecks(join(folder, file)) }))
    .toSorted((a, b) => a.name.localeCompare(b.name))
}

/** The suite adds a time to the name of each scenario, and the word `server` before one of a server. */
const nameOf = (folder: string): string =>
  folder.replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '').replace(/^server-/, '')

/** What must hold and did not, or did. The same check may have been made several times: it is met when each of them was. */
function readChecks(file: string): readonly Check[] {
  const checks = new Map<string, Check>()
  for (const written of JSON.parse(readFileSync(file, 'utf8')) as WrittenCheck[]) {
    if (written.status !== 'SUCCESS' && written.status !== 'FAILURE') continue
    const { id, description, errorMessage } = written
    const isMet = written.status === 'SUCCESS'
    if (isMet && checks.has(id)) continue
    checks.set(id, { id, description, isMet, says: errorMessage ?? description })
  }
  return [...checks.values()]
}
