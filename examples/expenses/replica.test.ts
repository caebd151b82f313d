// The demo's servers as real processes, spoken to directly with the official clients of both eras.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { REPLICA_META_KEY } from './tool.ts'

interface Started {
  readonly child: ChildProcess
  readonly url: URL
  readonly exit: Promise<unknown[]>
}

async function start(t: TestContext, program: string, ...args: string[]): Promise<Started> {
  const child = spawn(process.execPath, [join(import.meta.dirname, `${program}.ts`), ...args], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const exit = once(child, 'exit')
  t.after(() => child.kill('SIGKILL'))
  const message: unknown = (await Promise.race([once(child, 'message'), exit]))[0]
  assert.ok(typeof message === 'object', `${program} ended with ${String(message)}`)
  const { port } = message as { readonly port: number }
  return { child, url: new URL(`http://127.0.0.1:${port}/mcp`), exit }
}

async function modern(t: TestContext, url: URL) {
  const client = new Client(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  )
  await client.connect(new StreamableHTTPClientTransport(url))
  t.after(() => client.close())
  return client
}

async function legacy(t: TestContext, url: URL) {
  const client = new LegacyClient({ name: 'test', version: '1' })
  const transport = new LegacyTransport(url)
  await client.connect(transport)
  t.after(() => client.close())
  return { client, transport }
}

const executionsAt = async (url: URL) =>
  (await (await fetch(new URL('/executions', url))).json()) as {
    readonly replica: string
    readonly executions: Readonly<Record<string, number>>
    readonly inFlight: number
  }

test('both eras list and call the same tools, and each execution is counted once', async t => {
  const { url } = await start(t, 'search', '--name', 'search-7')
  const modernClient = await modern(t, url)
  const { client: legacyClient } = await legacy(t, url)
  const call = { name: 'search', arguments: { query: 'hello' } }
  for (const client of [modernClient, legacyClient]) {
    const { tools } = await client.listTools()
    assert.deepEqual(
      tools.map(tool => tool.name),
      ['search', 'count'],
    )
    assert.ok(
      tools.every(tool => tool.annotations?.readOnlyHint && tool.outputSchema !== undefined),
    )
    const result = await client.callTool(call)
    assert.equal(result._meta?.[REPLICA_META_KEY], 'search-7')
    assert.equal((result.structuredContent as { readonly total: number }).total, 1)
  }
  const seen = await executionsAt(url)
  assert.deepEqual(
    { ...seen, pid: 0 },
    {
      replica: 'search-7',
      pid: 0,
      executions: { search: 2, count: 0 },
      inFlight: 0,
    },
  )
})

test('arguments beyond their limits are refused and the tool does not run', async t => {
  const { url } = await start(t, 'search')
  const client = await modern(t, url)
  const result = await client.callTool({ name: 'search', arguments: { query: 'x', limit: 21 } })
  assert.equal(result.isError, true)
  assert.equal((await executionsAt(url)).executions['search'], 0)
})

test('the slow report tells its progress, and stops where its caller goes away', async t => {
  const { url } = await start(t, 'expenses')
  const client = await modern(t, url)
  const seen: number[] = []
  const cancel = new AbortController()
  const cancelled = client.callTool(
    { name: 'report', arguments: { seconds: 60 } },
    {
      signal: cancel.signal,
      onprogress: ({ progress }) => {
        seen.push(progress)
        if (progress === 2) cancel.abort()
      },
    },
  )
  await assert.rejects(cancelled)
  assert.deepEqual(seen, [1, 2])
  const idle = async (): Promise<void> => {
    if ((await executionsAt(url)).inFlight > 0) await idle()
  }
  await idle()
  assert.equal((await executionsAt(url)).executions['report'], 1)
})

test('customers give legacy callers a session: unknown is 404, missing is 400, ended is gone', async t => {
  const { url } = await start(t, 'customers')
  const { client, transport } = await legacy(t, url)
  const { sessionId } = transport
  assert.match(sessionId ?? '', /^[0-9a-f-]{36}$/)
  const found = await client.callTool({ name: 'find_customer', arguments: { query: 'leeds' } })
  assert.equal((found.structuredContent as { customers: unknown[] }).customers.length, 2)
  const post = async (session: string | undefined): Promise<number> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(session === undefined ? {} : { 'mcp-session-id': session }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    })
    await response.body?.cancel()
    return response.status
  }
  assert.equal(await post('no-such-session'), 404)
  assert.equal(await post(undefined), 400)
  assert.equal(await post(sessionId), 200)
  await transport.terminateSession()
  assert.equal(await post(sessionId), 404)
  const modernClient = await modern(t, url)
  const notes = await modernClient.callTool({ name: 'customer_notes', arguments: { id: 'cus-1' } })
  assert.equal(notes.isError, true)
})

test('what one replica takes in, another approves, when they share a folder', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'ringmain-expenses-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const [first, second] = await Promise.all([
    start(t, 'expenses', '--name', 'expenses-1', '--state', folder),
    start(t, 'expenses', '--name', 'expenses-2', '--state', folder),
  ])
  const taken = await (await modern(t, first.url)).callTool({
    name: 'submit_expense',
    arguments: { employee: 'Ada', amount: 12.5, purpose: 'train' },
  })
  const { id } = taken.structuredContent as { readonly id: string }
  const client = await modern(t, second.url)
  const own = await client.callTool({ name: 'approve_expense', arguments: { id, approver: 'Ada' } })
  assert.equal(own.isError, true)
  const approved = await client.callTool({
    name: 'approve_expense',
    arguments: { id, approver: 'Bo' },
  })
  assert.equal((approved.structuredContent as { readonly status: string }).status, 'approved')
})

test('SIGTERM lets a running call finish, then ends with 0', async t => {
  const { child, url, exit } = await start(t, 'expenses')
  const client = await modern(t, url)
  const answer = client.callTool(
    { name: 'report', arguments: { seconds: 1 } },
    { onprogress: ({ progress }) => progress === 1 && child.kill('SIGTERM'), timeout: 10_000 },
  )
  assert.equal((await answer).isError, undefined)
  assert.deepEqual(await exit, [0, null])
})

test('a replica ends when the process that started it lets go', async t => {
  const { child, exit } = await start(t, 'search')
  child.disconnect()
  assert.deepEqual(await exit, [0, null])
})

test('a request under another Host name, or from a foreign page, is refused', async t => {
  const { url } = await start(t, 'search')
  const foreign = await fetch(new URL('/executions', url), {
    headers: { origin: 'http://evil.example' },
  })
  assert.equal(foreign.status, 403)
  const own = await fetch(new URL('/healthz', url), { headers: { origin: 'http://localhost:1' } })
  assert.equal(own.status, 200)
})

test('arguments that make no sense are named, and the exit code is 64', async () => {
  const file = join(import.meta.dirname, 'search.ts')
  for (const [args, pattern] of [
    [['--port', 'x'], /--port must be/],
    [['--name', 'A B'], /--name must be/],
    [['--register', 'etcd=http://a'], /--register must look like/],
    [['--nope'], /Unknown option/],
  ] as const) {
    const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
    const words: Buffer[] = []
    child.stderr.on('data', (chunk: Buffer) => words.push(chunk))
    const [code] = await once(child, 'close')
    assert.equal(code, 64)
    assert.match(Buffer.concat(words).toString(), pattern)
  }
})
