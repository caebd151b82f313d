// Runs the stories one after another, all of them or those that are named; ends with 1 when any missed a bar.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const STORIES = [
  'disconnect',
  'drain',
  'slow-reader',
  'idle-streams',
  'kill-replica',
  'consul',
  'consul-faults',
  'ten-thousand',
  'edge-cost',
  'slow-sockets',
  'fuzz',
  'joined-lists',
  'overload',
]
/** What a story takes; the others must not stumble over it. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  consul: ['--outage'],
  'consul-faults': ['--outage', '--only'],
  fuzz: ['--for', '--seed', '--replay'],
  overload: ['--for'],
}

const words = process.argv.slice(2)
const named = words.filter(word => STORIES.includes(word))
const options = words.filter(word => word.startsWith('--'))
const unknown = words.filter(word => !named.includes(word) && !options.includes(word))
if (unknown.length > 0) {
  console.error(`no such story: ${unknown.join(', ')}; there are ${STORIES.join(', ')}`)
  process.exit(64)
}

const missed: string[] = []
for (const story of named.length === 0 ? STORIES : named) {
  const file = join(import.meta.dirname, `${story}.ts`)
  const own = options.filter(option => OPTIONS[story]?.includes(option.split('=')[0] ?? ''))
  const child = spawn(process.execPath, [file, ...own], { stdio: 'inherit' })
  process.once('exit', () => child.kill('SIGKILL'))
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) missed.push(story)
}
console.log(missed.length === 0 ? 'every bar was met' : `missed: ${missed.join(', ')}`)
process.exitCode = missed.length === 0 ? 0 : 1
