// Tool servers that others wrote, each as its authors start it, and what of each is safe to call. Those on stdio stand behind a proxy.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '#test/support/free-port.ts'
import { until } from '#test/support/until.ts'
import { peerProgram } from './installed.ts'

type Args = Record<string, unknown>

/** What a session does with one server. */
export interface Script {
  readonly calls: readonly (readonly [tool: string, args: Args])[]
  /** Of the resources that it lists, how many are read. */
  readonly reads: number
  readonly prompts: readonly (readonly [name: string, args: Record<string, string>])[]
  /** Prompt, argument and what was typed of it. */
  readonly completes: readonly (readonly [prompt: string, argument: string, typed: string])[]
}

export interface PeerServer {
  readonly name: string
  readonly script: Script
  readonly start: () => Promise<RunningPeer>
}

export interface RunningPeer {
  readonly url: string
  readonly close: () => Promise<void>
}

const LISTS_ONLY: Script = { calls: [], reads: 0, prompts: [], completes: [] }
const START_LIMIT_MS = 60_000

/** A child that listens on a port it is given; it is there when it answers anything. */
async function started(
  program: string,
  words: (port: number) => readonly string[],
  env: (port: number) => NodeJS.ProcessEnv = () => ({}),
): Promise<RunningPeer> {
  const port = await freePort()
  const child = spawn(peerProgram(program), words(port), {
    env: { ...process.env, ...env(port) },
    stdio: 'ignore',
    detached: true, // a proxy and what it starts end together
  })
  const url = `http://127.0.0.1:${port}/mcp`
  await until(`${program} to listen`, () => answers(child, program, url), START_LIMIT_MS)
  return { url, close: () => ended(child) }
}

async function answers(child: ChildProcess, program: string, url: string): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`)
  return fetch(url, { method: 'DELETE' }).then(
    () => true,
    () => false,
  )
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return
  const exited = once(child, 'exit')
  process.kill(-child.pid, 'SIGKILL')
  await exited
}

/** `server-filesystem` over a folder of one file. */
async function filesystem(): Promise<RunningPeer> {
  const folder = mkdtempSync(join(tmpdir(), 'ringmain-peer-'))
  writeFileSync(join(folder, 'note.txt'), 'One line.\n')
  const server = `${peerProgram('mcp-server-filesystem')} ${folder}`
  const words = '--outputTransport streamableHttp --stateful --logLevel none --port'.split(' ')
  const peer = await started('supergateway', port => ['--stdio', server, ...words, String(port)])
  return {
    url: peer.url,
    close: async () => {
      await peer.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function memory(): Promise<RunningPeer> {
  const folder = mkdtempSync(join(tmpdir(), 'ringmain-peer-'))
  const peer = await started(
    'mcp-proxy',
    port => ['--host', '127.0.0.1', '--port', String(port), '--', peerProgram('mcp-server-memory')],
    () => ({ MEMORY_FILE_PATH: join(folder, 'memory.jsonl') }),
  )
  return {
    url: peer.url,
    close: async () => {
      await peer.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const ADA = { name: 'Ada', entityType: 'person', observations: ['writes programs'] }

export const PEER_SERVERS: readonly PeerServer[] = [
  {
    name: 'server-everything',
    start: () =>
      started(
        'mcp-server-everything',
        () => ['streamableHttp'],
        port => ({ PORT: String(port) }),
      ),
    script: {
      calls: [
        ['echo', { message: 'Grüße' }],
        ['get-sum', { a: 2, b: 3 }],
        ['get-tiny-image', {}],
        ['get-annotated-message', { messageType: 'error', includeImage: true }],
        ['get-structured-content', { location: 'New York' }],
        ['get-resource-links', { count: 3 }],
        ['get-sum', { a: 'no number' }],
        ['there-is-no-such-tool', {}],
        ['trigger-long-running-operation', { duration: 1, steps: 3 }],
      ],
      reads: 2,
      prompts: [
        ['simple-prompt', {}],
        ['args-prompt', { city: 'Paris' }],
      ],
      completes: [['completable-prompt', 'department', 'E']],
    },
  },
  {
    name: 'server-memory behind mcp-proxy',
    start: memory,
    script: {
      ...LISTS_ONLY,
      calls: [
        ['create_entities', { entities: [ADA] }],
        ['search_nodes', { query: 'programs' }],
        ['read_graph', {}],
        ['delete_entities', { entityNames: ['Ada'] }],
      ],
    },
  },
  {
    name: 'server-filesystem behind supergateway',
    start: filesystem,
    script: {
      ...LISTS_ONLY,
      calls: [
        ['list_allowed_directories', {}],
        ['read_text_file', { path: '/etc/passwd' }],
      ],
    },
  },
  {
    name: 'context7-mcp',
    start: () => started('context7-mcp', port => ['--transport', 'http', '--port', String(port)]),
    script: LISTS_ONLY,
  },
]
