// `npm run check`: every gate in turn, fastest first, each with what it did and how long it took.
// All of them run even when one fails, so that one run shows everything there is to put right.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { formatDuration } from '#foundation/duration.ts'

interface Gate {
  readonly name: string
  readonly does: string
  readonly script: string
  readonly args: readonly string[]
  /** What to type next when it fails. */
  readonly next: string
}

const root = join(import.meta.dirname, '..', '..')
const bin = (name: string): string => join('node_modules', '.bin', name)

const GATES: readonly Gate[] = [
  {
    name: 'format',
    does: 'layout and order of imports',
    script: bin('biome'),
    args: ['check', '.'],
    next: 'npm run format',
  },
  {
    name: 'generated',
    does: 'generated files are current',
    script: 'docs/generate.ts',
    args: ['--check'],
    next: 'npm run gen',
  },
  {
    name: 'types',
    does: 'the compiler',
    script: bin('tsc'),
    args: ['-p', '.'],
    next: 'npm run types',
  },
  {
    name: 'lint',
    does: 'rules of the language, with types',
    script: bin('oxlint'),
    args: ['--type-aware', '--deny-warnings', '.'],
    next: 'npm run lint',
  },
  {
    name: 'knip',
    does: 'dead code and unused packages',
    script: bin('knip'),
    args: [],
    next: 'npm run knip',
  },
  {
    name: 'architecture',
    does: 'rooms, doors, sizes and habits',
    script: 'deploy/gates/run-tests.ts',
    args: ['test/architecture'],
    next: 'npm test -- test/architecture',
  },
]

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter(name => !GATES.some(gate => gate.name === name))
  if (unknown.length > 0) {
    const known = GATES.map(gate => gate.name).join(', ')
    console.error(`no such gate: ${unknown.join(', ')}; known are ${known}`)
    return 64
  }
  const failed: Gate[] = []
  for (const gate of GATES.filter(({ name }) => names.length === 0 || names.includes(name)))
    if (!(await passes(gate))) failed.push(gate)
  for (const gate of failed) console.log(`failed: ${gate.name}; put it right with ${gate.next}`)
  if (failed.length === 0) console.log('all gates passed')
  return failed.length === 0 ? 0 : 1
}

async function passes(gate: Gate): Promise<boolean> {
  const began = performance.now()
  const { code, output } = await run(gate)
  const word = code === 0 ? 'ok  ' : 'FAIL'
  const took = formatDuration(performance.now() - began).padStart(6)
  console.log(`${word} ${took}  ${gate.name}: ${gate.does}`)
  if (code !== 0) console.log(output.trimEnd().replace(/^/gm, '    '))
  return code === 0
}

function run(gate: Gate): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, [gate.script, ...gate.args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const stop = (): boolean => child.kill()
    process.once('exit', stop)
    let output = ''
    const keep = (chunk: Buffer): void => {
      output += chunk.toString()
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', error => resolve({ code: 1, output: error.message }))
    child.on('close', code => {
      process.removeListener('exit', stop)
      resolve({ code: code ?? 1, output })
    })
  })
}

process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))
process.on('disconnect', () => process.exit(143)) // whoever started this was killed
process.exit(await main(process.argv.slice(2)))
