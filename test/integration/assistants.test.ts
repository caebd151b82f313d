// Assistants that need it otherwise than the protocol has it: each is shown what its document says, and everybody else what the server sent.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  answerOf,
  callParams,
  legacyRequest,
  MODERN_META,
  modernRequest,
  type RawAnswer,
  rawRequest,
} from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'

const LONG = `deeply/${'nested/'.repeat(12)}tool`
const ODD = ['calendar.read', LONG]
const SCHEMA = {
  type: 'object',
  $defs: { id: { type: 'string', description: 'Whose' } },
  anyOf: [
    { properties: { id: { $ref: '#/$defs/id' } }, required: ['id'] },
    { properties: { name: { type: 'string' } }, required: ['name'] },
  ],
}
const FLAT = {
  type: 'object',
  properties: { id: { type: 'string', description: 'Whose' }, name: { type: 'string' } },
}
const options = {
  tools: ['structured', ...ODD],
  schemas: { structured: SCHEMA },
  runsAs: (tool: string) => (ODD.includes(tool) ? 'echo' : tool),
} as const
const KINDS = ['both', 'sessionful'] as const
const servers = {
  both: await startScripted({ name: 'both', ...options }),
  sessionful: await startScripted({
    name: 'sessionful',
    eras: ['legacy'],
    isSessionful: true,
    ...options,
  }),
}
const lists = { minTtl: '1h', maxTtl: '1h' }
const PICKY_DOCUMENT = JSON.stringify({
  apiVersion: 'ringmain.dev/v1',
  kind: 'Assistant',
  metadata: { name: 'picky' },
  spec: {
    recognizedBy: { clients: ['picky*'], userAgents: ['picky/*'] },
    shims: ['portable-names', 'flat-schemas', 'inlined-schemas', 'text-results'],
  },
})
const router = await runRouter(
  documents(
    ...KINDS.map(name => clusterOf(name, [servers[name].url], { lists })),
    ...KINDS.map(name => serverOf(name, [name])),
    serverOf('prefixed', [...KINDS], { naming: 'prefix' }),
    serverOf('plain', [...KINDS], { naming: 'plain' }),
    PICKY_DOCUMENT,
  ),
)
for (const name of KINDS) await router.untilUp(name, 1)
after(async () => {
  await router.close()
  await Promise.all(KINDS.map(name => servers[name].close()))
})

type Params = Readonly<Record<string, unknown>>
type Ask = (path: string, method: string, params?: Params) => Promise<RawAnswer>

const modernAs =
  (name: string, headers: Readonly<Record<string, string>> = {}): Ask =>
  (path, method, params = {}) => {
    const { body, ...rest } = modernRequest(method, params, { headers })
    const message = JSON.parse(String(body)) as { params: { _meta: object } }
    const clientInfo = { name, version: '1' }
    message.params._meta = { ...MODERN_META, 'io.modelcontextprotocol/clientInfo': clientInfo }
    return rawRequest(`${router.mcpUrl}/${path}`, { ...rest, body: JSON.stringify(message) })
  }

/** A session of its own for each path. */
function legacyAs(name: string): Ask {
  const sessions = new Map<string, string>()
  return async (path, method, params = {}) => {
    const url = `${router.mcpUrl}/${path}`
    if (!sessions.has(path)) {
      const clientInfo = { name, version: '1' }
      const said = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
      const { headers } = await rawRequest(url, legacyRequest('initialize', said))
      sessions.set(path, String(headers['mcp-session-id']))
    }
    const session = sessions.get(path) ?? ''
    return rawRequest(url, legacyRequest(method, params, { session }))
  }
}

const PICKY: Readonly<Record<string, Ask>> = {
  'by its name, modern': modernAs('picky-app'),
  'by its User-Agent, modern': modernAs('other', { 'user-agent': 'picky/1.0' }),
  'by its name, in a session': legacyAs('picky'),
}
const OTHERS: Readonly<Record<string, Ask>> = {
  modern: modernAs('raw'),
  'in a session': legacyAs('raw'),
}

interface Shown {
  readonly name: string
  readonly inputSchema: unknown
}

async function shown(ask: Ask, path: string): Promise<readonly Shown[]> {
  return answerOf(await ask(path, 'tools/list')).result?.['tools'] as readonly Shown[]
}

const textOf = (answer: RawAnswer): unknown => answerOf(answer).result?.['content']

for (const [how, ask] of Object.entries(PICKY)) {
  test(`an assistant that is known ${how} is shown names and schemas that it takes`, async () => {
    for (const path of [...KINDS, 'prefixed']) {
      const tools = await shown(ask, path)
      assert.equal(tools.length, path === 'prefixed' ? 6 : 3)
      for (const { name } of tools) assert.match(name, /^[A-Za-z0-9_-]{1,64}$/)
      assert.equal(new Set(tools.map(({ name }) => name)).size, tools.length)
      const { inputSchema } = tools.find(({ name }) => name.endsWith('structured')) ?? {}
      assert.deepEqual(inputSchema, FLAT)
    }
    assert.deepEqual(
      (await shown(ask, 'plain')).map(({ name }) => name),
      [], // of two clusters under one plain name none is shown, and no name is made
    )
  })

  test(`what it calls, known ${how}, is what the server offers`, async () => {
    for (const [path, kind] of [
      ['both', 'both'],
      ['sessionful', 'sessionful'],
      ['prefixed', 'both'],
    ] as const) {
      const tools = await shown(ask, path)
      for (const [at, own] of ODD.entries()) {
        const name = tools[at + 1]?.name ?? ''
        const before = servers[kind].executions(own)
        const answer = await ask(path, 'tools/call', callParams(name, { text: 'x' }))
        assert.equal(answer.status, 200, answer.body.toString())
        assert.equal(servers[kind].executions(own), before + 1, `${path} ${name}`)
      }
    }
    for (const stream of [false, true])
      for (const n of [1, 100_000]) {
        const args = { n, stream }
        const answer = await ask('both', 'tools/call', callParams('structured', args))
        const { structuredContent } = answerOf(answer).result ?? {}
        const text = JSON.stringify(structuredContent)
        assert.ok(text.length > n)
        assert.deepEqual(textOf(answer), [{ type: 'text', text }])
      }
  })
}

for (const [how, ask] of Object.entries(OTHERS))
  test(`anybody else, ${how}, is shown what the server sent`, async () => {
    for (const path of KINDS) {
      const tools = await shown(ask, path)
      assert.deepEqual(tools, [
        { name: 'structured', inputSchema: SCHEMA },
        ...ODD.map(name => ({ name, inputSchema: { type: 'object' } })),
      ])
    }
    const answer = await ask('both', 'tools/call', callParams('structured'))
    assert.deepEqual(textOf(answer), [])
  })

test('a name that was made is nobody’s for those to whom it was not shown', async () => {
  const [, made] = await shown(modernAs('picky'), 'both')
  const before = servers.both.executions()
  const answer = await modernAs('raw')('both', 'tools/call', callParams(made?.name ?? ''))
  assert.match(answer.body.toString(), /Unknown tool/)
  assert.equal(servers.both.executions(), before)
})

test('one list serves them all, and who it was shown to stands in the access log', async () => {
  const asked = (): number =>
    servers.both.requests.filter(({ method }) => method === 'tools/list').length
  await shown(modernAs('raw'), 'both')
  const before = asked()
  for (const name of ['picky', 'picky-2', 'raw', 'picky']) await shown(modernAs(name), 'both')
  assert.equal(asked(), before)
  const known = router.calls().map(line => line['ringmain.assistant'])
  assert.deepEqual(known.slice(-5), [undefined, 'picky', 'picky', undefined, 'picky'])
})
