// The client that the suite plays tool server for: SDK v2, told by the suite which scenario it is in. `node client.ts URL`.
import {
  Client,
  type ClientCapabilities,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'

export interface Told {
  readonly scenario: string
  readonly isModern: boolean
  /** What the suite says besides, such as the calls to make. */
  readonly context: {
    readonly toolCalls?: readonly { readonly name: string; readonly arguments: Args }[]
  }
}

type Args = { [key: string]: unknown }
type Play = (client: Client, told: Told) => Promise<unknown>

export function toldByTheSuite(env: NodeJS.ProcessEnv): Told {
  return {
    scenario: env['MCP_CONFORMANCE_SCENARIO'] ?? '',
    isModern: (env['MCP_CONFORMANCE_PROTOCOL_VERSION'] ?? '') >= '2026-07-28',
    context: JSON.parse(env['MCP_CONFORMANCE_CONTEXT'] ?? '{}') as Told['context'],
  }
}

const listTools: Play = client => client.listTools()

const PLAYS: Readonly<Record<string, Play>> = {
  initialize: listTools,
  'request-metadata': async () => {},
  'json-schema-ref-no-deref': listTools,
  tools_call: async client => {
    const { tools } = await client.listTools()
    for (const { name } of tools) await client.callTool({ name, arguments: { a: 5, b: 3 } })
  },
  'sse-retry': async client => {
    await client.listTools()
    await client.callTool({ name: 'test_reconnection', arguments: {} })
  },
  'elicitation-sep1034-client-defaults': async client => {
    await client.listTools()
    await client.callTool({ name: 'test_client_elicitation_defaults', arguments: {} })
  },
  'json-schema-2020-12-preservation': async client => {
    const { tools } = await client.listTools()
    const schema = tools.find(({ name }) => name === 'json_schema_2020_12_tool')?.inputSchema
    await client.callTool({ name: 'json_schema_echo', arguments: { schema } })
  },
  'http-standard-headers': async client => {
    const [tool] = (await client.listTools()).tools
    if (tool !== undefined) await client.callTool({ name: tool.name, arguments: {} })
    const [resource] = (await client.listResources()).resources
    if (resource !== undefined) await client.readResource({ uri: resource.uri })
    const [prompt] = (await client.listPrompts()).prompts
    if (prompt !== undefined) await client.getPrompt({ name: prompt.name, arguments: {} })
  },
  'http-custom-headers': async (client, { context }) => {
    await client.listTools() // from here on it knows which arguments are mirrored
    for (const call of context.toolCalls ?? []) await client.callTool(call)
  },
  'http-invalid-tool-headers': async client => {
    const { tools } = await client.listTools()
    for (const { name } of tools)
      await Promise.allSettled([client.callTool({ name, arguments: { region: 'us-west1' } })])
  },
  'sep-2322-client-request-state': async client => {
    for (const name of ['test_mrtr_echo_state', 'test_mrtr_no_state', 'test_mrtr_unrelated'])
      await client.callTool({ name, arguments: {} })
    await Promise.allSettled([client.callTool({ name: 'test_mrtr_no_result_type', arguments: {} })])
  },
}

const CAPABILITIES: Readonly<Record<string, ClientCapabilities>> = {
  'request-metadata': { roots: { listChanged: true }, sampling: {}, elicitation: {} },
  'elicitation-sep1034-client-defaults': { elicitation: { form: { applyDefaults: true } } },
  'sep-2322-client-request-state': { elicitation: {} },
}

/** What a user fills in; where there are defaults nothing, so that they are taken. */
const FORMS: Readonly<Record<string, Record<string, boolean>>> = {
  'sep-2322-client-request-state': { confirmed: true },
}

/** Scenarios whose server cannot be asked what it speaks: it knows some methods only. */
const MUTE: ReadonlySet<string> = new Set([
  'http-standard-headers',
  'http-custom-headers',
  'http-invalid-tool-headers',
  'sep-2322-client-request-state',
])

/** A server that does not say its era. */
const isMute = ({ scenario }: Told): boolean => MUTE.has(scenario)

/** Plays the scenario against the URL; throws where the client does. */
export async function playClient(url: string, told: Told): Promise<void> {
  const play = PLAYS[told.scenario]
  if (play === undefined) throw new Error(`there is no play for ${told.scenario}`)
  const capabilities = CAPABILITIES[told.scenario] ?? {}
  const client = new Client(
    { name: 'test', version: '1' },
    { capabilities, versionNegotiation: { mode: told.isModern ? 'auto' : 'legacy' } },
  )
  if (capabilities.elicitation !== undefined)
    client.setRequestHandler('elicitation/create', () => ({
      action: 'accept',
      content: FORMS[told.scenario] ?? {},
    }))
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    ...(isMute(told) && { fetch: discoverHere }),
  })
  await client.connect(transport)
  await play(client, told)
  await client.close()
}

const discoverHere: typeof fetch = async (input, init) => {
  const asked = JSON.parse(typeof init?.body === 'string' ? init.body : '{}') as {
    readonly method?: string
    readonly id?: unknown
  }
  if (asked.method !== 'server/discover') return fetch(input, init)
  const capabilities = { tools: {}, resources: {}, prompts: {} }
  const result = {
    supportedVersions: ['2026-07-28'],
    capabilities,
    resultType: 'complete',
    ttlMs: 0,
    cacheScope: 'private',
  }
  return Response.json({ jsonrpc: '2.0', id: asked.id, result })
}
