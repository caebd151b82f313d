// V8's collections for memory alone, which throw compiled code away: an idle router has none, and a program without its flag does.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { until } from '#test/support/until.ts'

/** They begin to be thought of at once, instead of half a minute after the start; and V8 tells of it. */
const FLAGS = [
  '--gc-memory-reducer-start-delay-ms=1',
  '--memory-reducer-delay-ms=50',
  '--trace-memory-reducer',
]
const LOOKED = 'Memory reducer: high alloc'
const GOES_ON = 'Memory reducer: waiting for'

test('V8 looks at a program that says nothing of it again and again', async t => {
  const program =
    'const kept = []; for (let n = 0; n < 1e6; n += 1) kept.push({ n }); setInterval(() => kept, 50)'
  const child = spawn(process.execPath, [...FLAGS, '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await until('it to go on', () => said.includes(LOOKED) && said.includes(GOES_ON), 20_000)
})

test('V8 looks at a router once, and leaves it alone', async t => {
  const router = await startRouterProcess(
    documents(clusterOf('tools', ['http://127.0.0.1:1']), serverOf('default', ['tools'])),
    { flags: FLAGS },
  )
  t.after(router.close)
  await until('V8 to look', () => router.stdout().includes(LOOKED), 20_000)
  router.kill('SIGTERM')
  await router.exited
  assert.ok(!router.stdout().includes(GOES_ON), router.stdout())
})
