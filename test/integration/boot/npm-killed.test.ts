// `npm run` killed with -9: its shell lives on as an orphan, so the bootstrap has to look past it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isRunning } from '#test/support/processes.ts'
import { until } from '#test/support/until.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'ringmain-npm-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('an npm killed with -9 takes shell, bootstrap and child along', async () => {
  const told = join(folder, 'told')
  const boot = join(root, 'deploy', 'boot.mjs')
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      scripts: {
        idle: `"${process.execPath}" "${boot}" run test/integration/boot/idle-child.ts "${told}"; exit $?`,
      },
    }),
  )
  const npm = spawn('npm', ['run', '--silent', 'idle'], { cwd: folder, stdio: 'ignore' })
  const pid = await until('the child to start', () =>
    existsSync(told) && readFileSync(told, 'utf8').includes('\n')
      ? Number(readFileSync(told, 'utf8').slice('pid '.length).split('\n')[0])
      : undefined,
  )
  npm.kill('SIGKILL')
  await until('the child to end', () => !isRunning(pid))
  assert.match(readFileSync(told, 'utf8'), /SIGTERM/)
})
