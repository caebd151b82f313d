// The bootstrap and its child as real processes: exit codes and signals pass through, and no child is left behind
// by any of the ways in which those above it can die.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isRunning } from '#test/support/processes.ts'
import { until } from '#test/support/until.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'ringmain-boot-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const BOOT = ['deploy/boot.mjs', 'run', 'test/integration/boot/idle-child.ts']

interface Run {
  readonly boot: ChildProcess
  /** What the child has told so far. */
  readonly told: () => readonly string[]
  readonly childPid: () => Promise<number>
}

function watch(name: string, boot: ChildProcess): Run {
  const told = (): readonly string[] => {
    const file = join(folder, name)
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
  }
  const childPid = (): Promise<number> =>
    until('the child to start', () => {
      const pid = told()[0]?.slice('pid '.length)
      return pid === undefined ? undefined : Number(pid)
    })
  return { boot, told, childPid }
}

const start = (name: string, order = ''): Run =>
  watch(
    name,
    spawn(process.execPath, [...BOOT, join(folder, name), order], { cwd: root, stdio: 'ignore' }),
  )

/** As npm starts it: a shell stands between, and stays there because it has one more thing to do. */
function startUnderShell(name: string): Run {
  const line = `"${process.execPath}" ${BOOT.join(' ')} "${join(folder, name)}"; exit $?`
  return watch(name, spawn('sh', ['-c', line], { cwd: root, stdio: 'ignore' }))
}

async function exitOf(child: ChildProcess): Promise<unknown> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode ?? child.signalCode
}

test('the exit code of the child is passed on', async () => {
  assert.equal(await exitOf(start('exits', 'exit=3').boot), 3)
})

test('a child that dies of a signal gives 128 and its number', async () => {
  assert.equal(await exitOf(start('dies', 'die').boot), 137)
})

test('SIGTERM reaches the child, whose exit code is the answer', async () => {
  const run = start('terminated')
  await run.childPid()
  run.boot.kill('SIGTERM')
  assert.equal(await exitOf(run.boot), 7)
  assert.deepEqual(run.told().slice(1), ['SIGTERM'])
})

test('SIGINT sent twice at once, by terminal and npm, reaches the child once', async () => {
  const run = start('interrupted')
  await run.childPid()
  run.boot.kill('SIGINT')
  run.boot.kill('SIGINT')
  await until('the first SIGINT to arrive', () => run.told().includes('SIGINT'))
  run.boot.kill('SIGTERM')
  await exitOf(run.boot)
  assert.deepEqual(run.told().slice(1), ['SIGINT', 'SIGTERM'])
})

test('a bootstrap killed with -9 takes its child along', async () => {
  const run = start('killed')
  const pid = await run.childPid()
  run.boot.kill('SIGKILL')
  await until('the child to end', () => !isRunning(pid))
  assert.deepEqual(run.told().slice(1), ['disconnect'])
})

test('a shell killed with -9 above the bootstrap takes both along', async () => {
  const run = startUnderShell('orphaned')
  const pid = await run.childPid()
  run.boot.kill('SIGKILL')
  await until('the child to end', () => !isRunning(pid))
  assert.deepEqual(run.told().slice(1), ['SIGTERM'])
})
