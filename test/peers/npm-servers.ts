// Tool servers that others wrote, each as its authors start it, and what of each is safe to call. Those on stdio stand behind a proxy.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { npmProgram } from './parts.ts'
import { type RunningPeer, startedIn, startedPeer } from './running-peer.ts'
import { LISTS_ONLY, type Script } from './script.ts'

export interface PeerServer {
  readonly name: string
  readonly script: Script
  readonly start: () => Promise<RunningPeer>
  /** The one of its kind that costly clients are played with. */
  readonly isForAll?: true
}

/** A package that listens at the port of its environment. */
export const listening = (program: string, ...words: readonly string[]): Promise<RunningPeer> =>
  startedPeer(
    npmProgram(program),
    () => words,
    port => ({ PORT: String(port) }),
  )

/** `server-filesystem` over a folder of one file. */
const filesystem = (): Promise<RunningPeer> =>
  startedIn(async folder => {
    writeFileSync(join(folder, 'note.txt'), 'One line.\n')
    const server = `${npmProgram('mcp-server-filesystem')} ${folder}`
    const words = '--outputTransport streamableHttp --stateful --logLevel none --port'.split(' ')
    return startedPeer(npmProgram('supergateway'), port => [
      '--stdio',
      server,
      ...words,
      String(port),
    ])
  })

const memory = (...options: readonly string[]): Promise<RunningPeer> =>
  startedIn(folder =>
    startedPeer(
      npmProgram('mcp-proxy'),
      port => [
        '--host',
        '127.0.0.1',
        '--port',
        String(port),
        ...options,
        '--',
        npmProgram('mcp-server-memory'),
      ],
      () => ({ MEMORY_FILE_PATH: join(folder, 'memory.jsonl') }),
    ),
  )

const ADA = { name: 'Ada', entityType: 'person', observations: ['writes programs'] }

const REMEMBERS: Script = {
  ...LISTS_ONLY,
  calls: [
    ['create_entities', { entities: [ADA] }],
    ['search_nodes', { query: 'programs' }],
    ['delete_entities', { entityNames: ['Ada'] }], // so that each session finds what the last one found
    ['read_graph', {}],
  ],
}

const FILES: Script = {
  ...LISTS_ONLY,
  calls: [
    ['list_allowed_directories', {}],
    ['read_text_file', { path: '/etc/passwd' }],
  ],
}

export const NPM_SERVERS: readonly PeerServer[] = [
  {
    name: 'server-everything',
    isForAll: true,
    start: () => listening('mcp-server-everything', 'streamableHttp'),
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
        ['trigger-long-running-operation', { duration: 0.3, steps: 3 }],
      ],
      asks: [
        ['trigger-elicitation-request', {}, { name: 'Ada', check: true, email: 'ada@example.org' }],
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
    isForAll: true,
    start: () => memory(),
    script: REMEMBERS,
  },
  {
    name: 'server-memory behind mcp-proxy without sessions',
    start: () => memory('--stateless'),
    script: REMEMBERS,
  },
  {
    name: 'server-filesystem behind supergateway',
    start: filesystem,
    script: FILES,
  },
  {
    name: 'context7-mcp',
    start: () =>
      startedPeer(npmProgram('context7-mcp'), port => [
        '--transport',
        'http',
        '--port',
        String(port),
      ]),
    script: LISTS_ONLY,
  },
  {
    name: 'server-basic-vanillajs, which has a user interface',
    start: () => listening('mcp-server-basic-vanillajs'),
    script: { ...LISTS_ONLY, calls: [['there-is-no-such-tool', {}]], reads: 1 },
  },
  {
    name: 'server-system-monitor, which has a user interface',
    isForAll: true,
    start: () => listening('mcp-system-monitor-server'),
    script: { ...LISTS_ONLY, calls: [['get-system-info', {}]], reads: 1 },
  },
]
