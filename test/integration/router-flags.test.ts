// Whoever starts a router by the command line has one with the flags of V8 that its figures are measured with.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROUTER_FLAGS } from '#foundation/router-settings.ts'
import { clusterOf, documents, serverOf, writePolicies } from '#test/support/running-router.ts'

const CLI = join(import.meta.dirname, '../../control-plane/cli/main.ts')
const skip = process.platform === 'linux' ? false : 'reads the command lines of /proc'

test('ringmain router starts a router with its flags', { skip }, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'ringmain-flags-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const policies = writePolicies(
    folder,
    documents(clusterOf('tools', ['http://127.0.0.1:1/mcp']), serverOf('default', ['tools'])),
  )
  const words = [
    'router',
    '--policies',
    policies,
    '--port',
    '0',
    '--admin-port',
    '0',
    '--state',
    folder,
  ]
  const cli = spawn(process.execPath, [CLI, ...words], { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(cli, 'exit')
  t.after(async () => {
    cli.kill('SIGTERM')
    await ended
  })
  await once(cli.stdout, 'data') // where it listens
  const children = readFileSync(`/proc/${cli.pid}/task/${cli.pid}/children`, 'utf8')
    .trim()
    .split(' ')
  const lines = children.map(pid => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0'))
  const router = lines.find(line => line.some(word => word.endsWith('router/main.ts')))
  assert.deepEqual(router?.slice(1, 1 + ROUTER_FLAGS.length), ROUTER_FLAGS)
})
