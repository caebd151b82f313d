// The everything server on SDK v2, for requests of the modern era and for sessions of the legacy one alike.
import {
  CLIENT_CAPABILITIES_META_KEY,
  createRequestStateCodec,
  fromJsonSchema,
  type InputRequests,
  type InputRequiredResult,
  inputRequired,
  McpServer,
  type RequestStateCodec,
  ResourceTemplate,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { ASKING_TOOLS } from './asking-tools.ts'
import { completed, PROMPTS, RESOURCES, TEMPLATE, templated } from './contents.ts'
import { PLAIN_TOOLS } from './plain-tools.ts'
import {
  asks,
  type Host,
  type Json,
  type Prompt,
  type Questions,
  type Tool,
  type ToolCall,
} from './tool.ts'

export const TOOLS: Readonly<Record<string, Tool>> = { ...PLAIN_TOOLS, ...ASKING_TOOLS }

export const INFO = { name: 'everything', version: '1.0.0' } as const

export const CAPABILITIES = {
  tools: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  prompts: { listChanged: true },
  logging: {},
  completions: {},
} as const

/** What outlives one request of the modern era, for which a server is made anew each time. */
export interface Shared extends Host {
  readonly states: RequestStateCodec<Json>
}

export const newStates = (): RequestStateCodec<Json> =>
  createRequestStateCodec<Json>({ key: crypto.getRandomValues(new Uint8Array(32)) })

/** A server, and the resources that its session asked to hear of. */
export interface EverythingV2 {
  readonly server: McpServer
  readonly watched: ReadonlySet<string>
}

export function everythingV2(shared: Shared): EverythingV2 {
  const server = new McpServer(INFO, {
    capabilities: CAPABILITIES,
    instructions: 'Everything there is, to try it.',
    requestState: { verify: (state, context) => shared.states.verify(state, context) },
  })
  for (const [name, tool] of Object.entries(TOOLS)) addTool(server, shared, name, tool)
  addResources(server)
  for (const [name, prompt] of Object.entries(PROMPTS)) addPrompt(server, shared, name, prompt)
  server.server.setRequestHandler('completion/complete', ({ params }) =>
    completed(params.argument.value),
  )
  const watched = new Set<string>() // as many as one client of a test asks for
  server.server.setRequestHandler('resources/subscribe', ({ params }) => {
    watched.add(params.uri)
    return {}
  })
  server.server.setRequestHandler('resources/unsubscribe', ({ params }) => {
    watched.delete(params.uri)
    return {}
  })
  return { server, watched }
}

function addTool(server: McpServer, shared: Shared, name: string, tool: Tool): void {
  const inputSchema = fromJsonSchema<Record<string, unknown>>(tool.input ?? { type: 'object' })
  server.registerTool(
    name,
    { description: tool.description, inputSchema },
    async (args, context) => {
      const outcome = await tool.run(callOf(server, shared, args, context))
      return asks(outcome) ? question(shared, outcome) : outcome
    },
  )
}

function callOf(server: McpServer, shared: Shared, args: Json, context: ServerContext): ToolCall {
  const { mcpReq, http } = context
  const progressToken = mcpReq._meta?.progressToken
  const envelope: Json = mcpReq.envelope ?? {}
  return {
    args,
    answers: mcpReq.inputResponses,
    state: mcpReq.requestState<Json>(),
    capabilities: (envelope[CLIENT_CAPABILITIES_META_KEY] ??
      server.server.getClientCapabilities() ??
      {}) as Json,
    progressToken,
    signal: mcpReq.signal,
    progress: async (progress, total, message) => {
      if (progressToken === undefined) return
      const params = { progressToken, progress, total, message }
      await mcpReq.notify({ method: 'notifications/progress', params })
    },
    log: text => mcpReq.log('info', text, INFO.name),
    changed: shared.changed,
    gaveUp: shared.gaveUp,
    leaveStream: () => http?.closeSSE?.(),
  }
}

async function question(shared: Shared, { ask, state }: Questions): Promise<InputRequiredResult> {
  return inputRequired({
    inputRequests: ask as unknown as InputRequests,
    ...(state !== undefined && { requestState: await shared.states.mint(state) }),
  })
}

function addResources(server: McpServer): void {
  for (const { uri, name, mimeType, content } of RESOURCES)
    server.registerResource(name, uri, { mimeType }, () => ({
      contents: [{ uri, mimeType, ...content }],
    }))
  const { name, uriTemplate, mimeType } = TEMPLATE
  const template = new ResourceTemplate(uriTemplate, { list: undefined })
  server.registerResource(name, template, { mimeType }, ({ href: uri }, { id }) => ({
    contents: [{ uri, mimeType, text: templated(String(id)) }],
  }))
}

function addPrompt(server: McpServer, shared: Shared, name: string, prompt: Prompt): void {
  const names = prompt.arguments ?? []
  const argsSchema = fromJsonSchema<Record<string, string>>({
    type: 'object',
    properties: Object.fromEntries(names.map(one => [one, { type: 'string' }])),
    required: [...names],
  })
  const { description } = prompt
  server.registerPrompt(name, { description, argsSchema }, async (args, { mcpReq }) => {
    const outcome = prompt.run(args, mcpReq.inputResponses)
    return asks(outcome) ? question(shared, outcome) : outcome
  })
}
