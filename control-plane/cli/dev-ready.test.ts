// The block at the end of a start: every address and every command in it must be right for this mesh.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readyBlock } from './dev-ready.ts'

const router = {
  version: '0.1.0',
  pid: 1,
  uptimeMs: 1,
  mcp: 'http://127.0.0.1:7400',
  admin: 'http://127.0.0.1:7402',
  table: { version: 'a', loadedAtMs: 0 },
  virtualServers: [
    { name: 'search', path: '/mcp/search', clusters: ['search'] },
    { name: 'default', path: '/mcp', clusters: ['expenses', 'search'] },
  ],
  calls: { total: 0, refused: 0, inFlight: 0, streams: 0 },
  overload: {
    level: 0,
    says: 'normal',
    loopDelayMs: 0,
    busyShare: 0.1,
    heapShare: 0.1,
    inFlight: 0,
    oldestWaitMs: 0,
    shed: {},
  },
}
const facts = {
  tookMs: 1_400,
  discovery: 'registry file',
  replicaCount: 10,
  router,
  state: '.ringmain',
  stateFlag: '',
}

test('a usual mesh needs no flags, and the endpoint for everybody comes first', () => {
  const block = readyBlock(facts)
  assert.match(
    block[0] ?? '',
    /^ready in 1\.4s {3}\(discovery: registry file; 10 demo replicas, 1 router\)$/,
  )
  assert.match(block[2] ?? '', /MCP endpoint +http:\/\/127\.0\.0\.1:7400\/mcp +expenses, search/)
  assert.match(block[3] ?? '', /http:\/\/127\.0\.0\.1:7400\/mcp\/search/)
  const text = block.join('\n')
  assert.match(text, /npx ringmain call search__search --arg query=hello$/m)
  assert.match(text, /npx ringmain status$/m)
  assert.match(text, /pkill -9 -f 'name search-2'$/m)
  assert.match(text, /npx ringmain dev replica search-2$/m)
  assert.match(
    text,
    /inspector --cli http:\/\/127\.0\.0\.1:7400\/mcp --transport http --method tools\/list$/m,
  )
  assert.ok(!text.includes('Consul'))
})

test('other ports and folders are in every command that needs them', () => {
  const elsewhere = { ...router, mcp: 'http://127.0.0.1:1', admin: 'http://127.0.0.1:2' }
  const text = readyBlock({
    ...facts,
    router: elsewhere,
    state: '/s',
    stateFlag: ' --state /s',
    consul: 'http://127.0.0.1:3',
  }).join('\n')
  assert.match(text, /query=hello --server-url http:\/\/127\.0\.0\.1:1\/mcp$/m)
  assert.match(text, /status --server http:\/\/127\.0\.0\.1:2$/m)
  assert.match(text, /replica search-2 --state \/s$/m)
  assert.match(text, /http:\/\/127\.0\.0\.1:3\/ui$/m)
})
