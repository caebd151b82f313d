// `npm run test:chaos`: every story of faults, each in a network of its own, and all their bars in one table at the end. Names of stories
// run these alone; `--for=2m`, `--calls=100000` and `--seed=N` go to the stories that take them. Ends with 1 when a bar was missed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { type BarRow, barTable, rowsIn } from './kit/bar-table.ts'

const STORIES = [
  'kill',
  'blackhole',
  'slow',
  'fail-fast',
  'outage',
  'flap',
  'rolling',
  'deadline',
  'executions',
]
/** What a story takes; the others must not stumble over it. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  flap: ['--for'],
  executions: ['--calls', '--seed'],
}

const words = process.argv.slice(2)
const named = words.filter(word => STORIES.includes(word))
const options = words.filter(word => word.startsWith('--'))
const known = Object.values(OPTIONS).flat()
const unknown = words.filter(
  word => !named.includes(word) && !known.includes(word.split('=')[0] ?? ''),
)
if (unknown.length > 0) {
  console.error(`no such story or option: ${unknown.join(', ')}; there are ${STORIES.join(', ')}`)
  process.exit(64)
}

async function play(story: string): Promise<readonly BarRow[]> {
  const file = join(import.meta.dirname, 'stories', `${story}.ts`)
  const own = options.filter(option => OPTIONS[story]?.includes(option.split('=')[0] ?? ''))
  const child = spawn(process.execPath, [file, ...own], { stdio: ['ignore', 'pipe', 'inherit'] })
  const end = (): boolean => child.kill('SIGTERM')
  process.once('exit', end)
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    process.stdout.write(chunk)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  process.off('exit', end)
  return rowsIn(story, output, code)
}

process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))
const rows: BarRow[] = []
for (const story of named.length === 0 ? STORIES : named) rows.push(...(await play(story)))
console.log(`\n${barTable(rows)}`)
console.log(`load of the machine in the last minute: ${(loadavg()[0] ?? 0).toFixed(1)}`)
process.exitCode = rows.every(({ isHeld }) => isHeld) ? 0 : 1
