// `npm run test:chaos`: every story of faults, and all their bars in one table at the end. Names of stories run these alone; `--for=2m`,
// `--calls=100000`, `--seed=N` and `--outage=10m` go to the stories that take them. Ends with 1 when a bar was missed.
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { playStory } from '#test/support/play-story.ts'
import { type BarRow, barTable, rowsIn } from './kit/bar-table.ts'

const STORIES: readonly string[] = [
  'kill',
  'sessions',
  'blackhole',
  'slow',
  'fail-fast',
  'outage',
  'flap',
  'rolling',
  'deadline',
  'executions',
  'consul',
  'consul-faults',
  'overload',
]
/** Those that break no network are told among the others, with more than these bars. */
const ELSEWHERE: readonly string[] = ['consul', 'consul-faults', 'overload']
/** What a story takes; the others must not stumble over it. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  flap: ['--for'],
  overload: ['--for'],
  consul: ['--outage'],
  'consul-faults': ['--outage'],
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
  const folder = ELSEWHERE.includes(story) ? '../stories' : 'stories'
  const file = join(import.meta.dirname, folder, `${story}.ts`)
  const own = options.filter(option => OPTIONS[story]?.includes(option.split('=')[0] ?? ''))
  const { output, code } = await playStory(file, own)
  return rowsIn(story, output, code)
}

process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))
const rows: BarRow[] = []
for (const story of named.length === 0 ? STORIES : named) rows.push(...(await play(story)))
console.log(`\n${barTable(rows)}`)
console.log(`load of the machine in the last minute: ${(loadavg()[0] ?? 0).toFixed(1)}`)
process.exitCode = rows.every(({ isHeld }) => isHeld) ? 0 : 1
