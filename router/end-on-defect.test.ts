// A process that meets an error nobody caught: it ends with 1, and its log tells why, after all that was told before.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

const urlOf = (specifier: string): string => JSON.stringify(import.meta.resolve(specifier))

/** Runs the statement in a process that would otherwise stay. */
function end(statement: string) {
  const script = `
import { createLogs } from ${urlOf('#foundation/log.ts')}
import { endOnDefect } from ${urlOf('./end-on-defect.ts')}
const logs = createLogs('info', 'test')
endOnDefect(logs)
logs.log.info('before')
setInterval(() => undefined, 1_000)
setImmediate(() => { ${statement} })
`
  const { status, signal, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', script],
    { encoding: 'utf8', timeout: 20_000 },
  )
  const lines = stderr
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown> & { err?: { stack: string } })
  return { ended: [status, signal], lines }
}

for (const [statement, origin] of [
  ["throw new Error('planted')", 'uncaughtException'],
  ["void Promise.reject(new Error('planted'))", 'unhandledRejection'],
] as const)
  test(`${origin} ends the process with 1, and the log with its stack`, () => {
    const { ended, lines } = end(statement)
    assert.deepEqual(ended, [1, null])
    assert.deepEqual(
      lines.map(({ level, msg }) => [level, msg]),
      [
        ['info', 'before'],
        ['fatal', 'ending: an error was caught nowhere'],
      ],
    )
    assert.equal(lines[1]?.['at'], origin)
    assert.match(lines[1]?.err?.stack ?? '', /Error: planted\n +at /)
  })
