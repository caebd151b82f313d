// Tool servers of other languages, one of each way in which their libraries serve: with sessions and streams, and without either.
import type { PeerServer } from './npm-servers.ts'
import { goProgram, pythonProgram } from './parts.ts'
import { startedPeer } from './running-peer.ts'
import { LISTS_ONLY, type Script } from './script.ts'

const OF_PYTHON: Script = {
  calls: [
    ['weather', { city: 'Zürich' }],
    ['weather', {}],
    ['fails', { why: 'it must' }],
    ['counts', { to: 3 }],
    ['there-is-no-such-tool', {}],
  ],
  asks: [['books', { city: 'Paris' }, { nights: 3 }]],
  reads: 1,
  prompts: [
    ['greet', { name: 'Ada' }],
    ['greet', {}],
  ],
  completes: [],
}

const python = (name: string, library = '', ...ways: readonly string[]): PeerServer => ({
  name,
  script: OF_PYTHON,
  start: () => {
    const [program, server] = pythonProgram('server.py')
    return startedPeer(program, port => [server, library, String(port), ...ways])
  },
})

export const PYTHON_SERVERS: readonly PeerServer[] = [
  python('a server of the Python SDK', 'mcp'),
  python('a server of the Python SDK without sessions, in JSON', 'mcp', 'plain'),
  python('a FastMCP server', 'fastmcp'),
  python('a FastMCP server without sessions, in JSON', 'fastmcp', 'plain'),
]

export const GO_SERVERS: readonly PeerServer[] = [
  {
    name: 'everything of the Go SDK',
    start: () =>
      startedPeer(goProgram('everything'), port => ['-http', `127.0.0.1:${String(port)}`]),
    script: {
      calls: [
        ['greet', { name: 'Grüße' }],
        ['greet (structured)', { name: 'Ada' }],
        ['greet (content with ResourceLink)', { name: 'Ada' }],
        ['greet', { name: 1 }],
        ['ping', {}],
        ['there-is-no-such-tool', {}],
      ],
      asks: [['elicit (form)', {}, { random: 'four' }]],
      reads: 1,
      prompts: [['greet', { name: 'Ada' }]],
      completes: [['greet', 'name', 'A']],
    },
  },
  {
    name: 'a server of the Go SDK without sessions, in JSON',
    start: () => startedPeer(goProgram('peer'), port => ['serve', `127.0.0.1:${String(port)}`]),
    script: {
      ...LISTS_ONLY,
      calls: [
        ['weather', { city: 'Zürich' }],
        ['weather', {}],
        ['fails', { city: 'Paris' }],
        ['there-is-no-such-tool', {}],
      ],
      reads: 1,
      prompts: [['greet', { name: 'Ada' }]],
    },
  },
]
