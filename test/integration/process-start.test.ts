// How the router process starts, or says why it does not: one code for each kind of mistake, and never a stack.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { launch } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf, writePolicies } from '#test/support/running-router.ts'

const folder = mkdtempSync(join(tmpdir(), 'ringmain-process-test-'))
const mesh = documents(
  clusterOf('tools', ['http://127.0.0.1:1/mcp']),
  serverOf('default', ['tools']),
)
const policies = writePolicies(folder, mesh)

after(() => {
  rmSync(folder, { recursive: true, force: true })
})

async function outcomeOf(env: Readonly<Record<string, string>>) {
  const { exited, stdout, stderr } = launch({ RINGMAIN_STATE: join(folder, 'state'), ...env })
  const { code } = await exited
  return { code, stdout: stdout(), stderr: stderr() }
}

test('settings that cannot be read end it with 64, each named once and none with a stack', async () => {
  const { code, stdout, stderr } = await outcomeOf({
    RINGMAIN_POLICIES: policies,
    RINGMAIN_PORT: 'seven',
    RINGMAIN_DRAIN: '10 minutes',
  })
  assert.equal(code, 64)
  assert.equal(stdout, '')
  assert.match(stderr, /RINGMAIN_PORT: expected a whole number.*"seven"/)
  assert.match(stderr, /RINGMAIN_DRAIN: expected a duration.*"10 minutes"/)
  assert.doesNotMatch(stderr, /\n {4}at /)
})

test('an unknown log level ends it with 64', async () => {
  const { code, stderr } = await outcomeOf({
    RINGMAIN_POLICIES: policies,
    RINGMAIN_LOG_LEVEL: 'loud',
  })
  assert.equal(code, 64)
  assert.match(stderr, /RINGMAIN_LOG_LEVEL.*"loud"/)
})

test('documents that do not compile end it with 6, all problems with file and line', async () => {
  const bad = writePolicies(join(folder, 'bad'), {
    'a.yaml':
      'apiVersion: ringmain.dev/v1\nkind: Cluster\nmetadata: { name: a }\nspec:\n  discovery: {}\n',
    'b.yaml':
      'apiVersion: ringmain.dev/v1\nkind: VirtualServer\nmetadata: { name: b }\nspec: { clusters: [nobody] }\n',
  })
  const { code, stdout, stderr } = await outcomeOf({ RINGMAIN_POLICIES: bad })
  assert.equal(code, 6)
  assert.equal(stdout, '')
  assert.match(stderr, /a\.yaml:5/)
  assert.match(stderr, /b\.yaml:4/)
  assert.match(stderr, /nobody/)
  assert.doesNotMatch(stderr, /\n {4}at /)
})

test('a folder that is not there ends it with 6, and no folder at all with 64 and the flag', async () => {
  const missing = await outcomeOf({ RINGMAIN_POLICIES: join(folder, 'nowhere') })
  assert.equal(missing.code, 6)
  assert.match(missing.stderr, /nowhere/)
  const none = await outcomeOf({})
  assert.equal(none.code, 64)
  assert.doesNotMatch(none.stderr, /\n {4}at /)
  assert.match(none.stderr, /--policies.*RINGMAIN_POLICIES/)
})

test('a port in use ends it with 1 and names port, flag and variable, for either listener', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  for (const [variable, flag] of [
    ['RINGMAIN_PORT', '--port'],
    ['RINGMAIN_ADMIN_PORT', '--admin-port'],
  ] as const) {
    const { code, stdout, stderr } = await outcomeOf({
      RINGMAIN_POLICIES: policies,
      [variable]: String(port),
    })
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.ok(
      stderr.includes(`${port}`) && stderr.includes(`${flag} `) && stderr.includes(variable),
      stderr,
    )
    assert.doesNotMatch(stderr, /\n {4}at /)
  }
  other.close()
})

test('an address that others can reach ends it with 64 unless somebody says so', async () => {
  const { code, stderr } = await outcomeOf({
    RINGMAIN_POLICIES: policies,
    RINGMAIN_HOST: '0.0.0.0',
  })
  assert.equal(code, 64)
  assert.match(stderr, /--expose-without-auth/)
})
