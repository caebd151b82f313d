// The log beside a reader that stalls: what waits is bounded, what is lost is counted and told, and the process goes on.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'

const LOG = new URL('./log.ts', import.meta.url).href
const LINES = 4_000
const BOUND = 262_144

/** Writes far more than it may keep, tells how many it dropped, and goes on until its standard input ends. */
const WRITER = `
import { createLogs } from ${JSON.stringify(LOG)}
const logs = createLogs('info', 'writer', ${BOUND})
for (let count = 0; count < ${LINES}; count += 1) logs.log.info({ count, pad: 'x'.repeat(1_000) })
process.stdout.write(JSON.stringify({ dropped: logs.dropped() }) + '\\n')
process.stdin.resume().on('end', () => {
  logs.flush()
  process.exit(0)
})
`

function writer(t: TestContext) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER])
  t.after(() => child.kill('SIGKILL'))
  return child
}

test('a reader that stalls costs lines and no memory; once it reads again it is told how many, once', {
  timeout: 30_000,
}, async t => {
  const child = writer(t)
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  const { dropped } = JSON.parse(said.toString()) as { dropped: number }
  assert.ok(dropped > LINES / 2 && dropped < LINES, `${dropped} of ${LINES} were dropped`)
  let text = ''
  const told = Promise.withResolvers<void>()
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    if (/"event":"log\.dropped"[^\n]*\n/.test(text)) told.resolve()
  })
  await told.promise
  child.stdin.end()
  await once(child, 'close')
  const lines = text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as { event?: string; level: string; count?: number })
  const notes = lines.filter(({ event }) => event === 'log.dropped')
  assert.deepEqual(
    notes.map(({ level, count }) => [level, count]),
    [['warn', dropped]],
  )
  assert.equal(lines.length - notes.length, LINES - dropped, 'every other line is whole')
})

/** Writes the same fields by the log and as the line of a call. */
const TWO_WAYS = `
import { createLogs } from ${JSON.stringify(LOG)}
const logs = createLogs('info', 'a "quoted" service')
const fields = { event: 'call', name: 'ü"\\n\\u0000\\u2028\\ud800', none: undefined, no: false, ms: 1.25 }
logs.log.info(fields)
logs.access(fields)
logs.flush()
process.stdout.write(String(createLogs('warn', 'x').access))
process.exit(0)
`

test('the line of a call is the one that the log would write, and none at a level that leaves it out', async t => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', TWO_WAYS])
  t.after(() => child.kill('SIGKILL'))
  let [said, text] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await once(child, 'close')
  const lines = text.trimEnd().split('\n')
  const [byLog, byAccess] = lines.map(line => Object.entries(JSON.parse(line) as object))
  const withoutTime = (entries: typeof byLog) => entries?.filter(([name]) => name !== 'time')
  assert.deepEqual(withoutTime(byAccess), withoutTime(byLog))
  assert.match(lines[1] ?? '', /^\{"level":"info","time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",/)
  assert.equal(said, 'undefined')
})
