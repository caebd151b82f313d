// The real command as a child process: exit codes and streams, which are what scripts hold on to.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { freePorts } from './dev-ports.ts'
import { DEMO_FOLDER, ROOT } from './repository.ts'

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function ringmain(args: readonly string[], stdin = ''): Promise<Ended> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] },
  })
  child.stdin.end(stdin)
  const ended = new Promise<number | null>(resolve => child.once('close', resolve))
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, stdout, stderr }
}

/** An admin listener that answers every path with one body. */
async function adminStub(t: TestContext, status: number, body: string): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status).end(body))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function closedUrl(): Promise<string> {
  const [port] = await freePorts(1)
  return `http://127.0.0.1:${port}`
}

test('the version is data, and help is too when it is asked for', async () => {
  const version = await ringmain(['--version'])
  assert.equal(version.code, 0)
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/)
  const help = await ringmain(['help', 'call'])
  assert.equal(help.code, 0)
  assert.match(help.stdout, /--server-url/)
})

test('a mistyped command is a usage error that names the nearest one', async () => {
  const { code, stdout, stderr } = await ringmain(['stauts'])
  assert.equal(code, 64)
  assert.equal(stdout, '')
  assert.match(stderr, /unknown command 'stauts'\n.*Did you mean status\?/)
})

test('no command at all shows the help on stderr and is a usage error', async () => {
  const { code, stdout, stderr } = await ringmain([])
  assert.equal(code, 64)
  assert.equal(stdout, '')
  assert.match(stderr, /Usage: ringmain/)
})

test('a group of commands shows its own help, and a word that it does not know leads there', async () => {
  for (const group of ['breakers', 'replicas']) {
    const { code, stderr } = await ringmain([group])
    assert.equal(code, 64)
    assert.match(stderr, new RegExp(`Usage: ringmain ${group} `))
    const wrong = await ringmain(['--no-color', group, 'nonsense'])
    assert.equal(wrong.code, 64)
    assert.match(wrong.stderr, new RegExp(`next {3}npx ringmain ${group} --help`))
  }
  const { stderr } = await ringmain([
    'replicas',
    'drain',
    'crm',
    'a',
    '--for',
    '1m',
    '--reason',
    ' ',
  ])
  assert.match(stderr, /must say why.*\n {2}next {3}npx ringmain replicas drain --help/)
})

test('a usage error is one JSON line when JSON was asked for', async () => {
  const { code, stderr } = await ringmain(['status', '-o', 'json', '--sever', 'x'])
  assert.equal(code, 64)
  assert.equal(JSON.parse(stderr).error.code, 'usage')
})

test('an unreachable router is exit 4 with the address and the next step', async () => {
  const url = await closedUrl()
  const { code, stdout, stderr } = await ringmain(['status', '--server', url])
  assert.equal(code, 4)
  assert.equal(stdout, '')
  assert.ok(stderr.includes(url), stderr)
  assert.match(stderr, /next {3}npm start/)
})

test('an unreachable MCP endpoint is exit 4 for a call', async () => {
  const { code, stderr } = await ringmain(['call', 'x', '--server-url', `${await closedUrl()}/mcp`])
  assert.equal(code, 4)
  assert.match(stderr, /ECONNREFUSED/)
})

test('a server that refuses its state is exit 3, and one that is no router exit 4', async t => {
  const forbidding = await adminStub(t, 403, '{}')
  assert.equal((await ringmain(['clusters', '--server', forbidding])).code, 3)
  const foreign = await adminStub(t, 200, '<html>')
  const { code, stderr } = await ringmain(['clusters', '--server', foreign])
  assert.equal(code, 4)
  assert.match(stderr, /not the admin listener/)
})

test('clusters print as a table, and as the envelope the router sent', async t => {
  const list = {
    apiVersion: 'ringmain/v1',
    kind: 'ClusterList',
    items: [],
    meta: { tableVersion: 'a' },
  }
  const url = await adminStub(t, 200, JSON.stringify(list))
  const table = await ringmain(['clusters', '--server', url])
  assert.equal(table.code, 0)
  assert.match(table.stdout, /^CLUSTER/)
  const json = await ringmain(['clusters', '-o', 'json', '--server', url])
  assert.deepEqual(JSON.parse(json.stdout), list)
  const unknown = await ringmain(['clusters', 'nothing', '--server', url])
  assert.equal(unknown.code, 1)
})

test('valid documents are exit 0, and the talk about them is not data', async () => {
  const { code, stdout, stderr } = await ringmain(['validate', join(DEMO_FOLDER, 'policies')])
  assert.equal(code, 0)
  assert.equal(stdout, '')
  assert.match(stderr, /^ok: 4 clusters and 4 virtual servers in 5 files/)
})

test('invalid documents are exit 6 with file, line and column of every problem', async () => {
  const document =
    'apiVersion: ringmain.dev/v1\nkind: Cluster\nmetadata: { name: a }\nspec: { vendr: b }\n'
  const { code, stdout, stderr } = await ringmain(['validate', '-'], document)
  assert.equal(code, 6)
  assert.match(stdout, /^-:4:\d+ {2}spec\.vendr: unknown key; did you mean "vendor"\?/m)
  assert.match(stderr, /^invalid: /)
  const json = await ringmain(['validate', '-', '-o', 'json'], document)
  assert.equal(json.code, 6)
  assert.equal(JSON.parse(json.stdout).meta.isValid, false)
})

test('a document that cannot be read is named', async () => {
  const { code, stderr } = await ringmain(['validate', 'no/such/file.yaml'])
  assert.equal(code, 64)
  assert.match(stderr, /where {2}no\/such\/file\.yaml/)
})

test('the router without documents is a usage error, as is a setting of the wrong kind', async () => {
  const bare = await ringmain(['router'])
  assert.equal(bare.code, 64)
  assert.match(bare.stderr, /--policies DIR/)
  const wrong = await ringmain(['router', '--policies', 'x', '--port', 'http', '--drain', '5'])
  assert.equal(wrong.code, 64)
  assert.match(wrong.stderr, /--port \(RINGMAIN_PORT\): expected a whole number/)
  assert.match(wrong.stderr, /--drain \(RINGMAIN_DRAIN\): expected a duration/)
})

test('a port in use is named with its flag and its variable, and nothing is started', async t => {
  const taken = new URL(await adminStub(t, 200, '')).port
  const state = join(ROOT, '.ringmain', `test-${process.pid}`)
  const { code, stderr } = await ringmain(['dev', '--port', taken, '--state', state])
  assert.equal(code, 1)
  assert.match(stderr, new RegExp(`port ${taken} is in use`))
  assert.match(stderr, /--port, or RINGMAIN_PORT/)
})
