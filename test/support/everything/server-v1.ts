// The everything server on SDK v1, which knows the legacy era only: what its tools ask goes out as requests of its own.
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  ResultSchema,
  type ServerNotification,
  type ServerRequest,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { completed, idOf, PROMPTS, RESOURCES, TEMPLATE, templated } from './contents.ts'
import { CAPABILITIES, INFO, TOOLS } from './server-v2.ts'
import { asks, type Host, type Json, type Question, type Questions, type ToolCall } from './tool.ts'

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>

export interface EverythingV1 {
  readonly server: Server
  readonly watched: ReadonlySet<string>
}

const unknown = (what: string): McpError => new McpError(ErrorCode.InvalidParams, `no ${what}`)

export function everythingV1(host: Host): EverythingV1 {
  const server = new Server(INFO, {
    capabilities: CAPABILITIES,
    instructions: 'Everything there is, to try it.',
  })
  addTools(server, host)
  addPrompts(server)
  addResources(server)
  server.setRequestHandler(CompleteRequestSchema, ({ params }) => completed(params.argument.value))
  server.setRequestHandler(SetLevelRequestSchema, () => ({}))
  const watched = new Set<string>() // as many as one client of a test asks for
  server.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
    watched.add(params.uri)
    return {}
  })
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    watched.delete(params.uri)
    return {}
  })
  return { server, watched }
}

/** Asks until there is nothing to ask: the rounds of the modern era, within one legacy call. */
async function inRounds<Result extends object>(
  extra: Extra,
  run: (answers: Json | undefined, state: Json | undefined) => Promise<Result | Questions>,
): Promise<Result> {
  let answers: Json | undefined
  let state: Json | undefined
  for (;;) {
    const outcome = await run(answers, state)
    if (!asks(outcome)) return outcome
    const { ask } = outcome
    const given = Object.entries(ask).map(
      async ([key, question]) => [key, await put(extra, question)] as const,
    )
    answers = Object.fromEntries(await Promise.all(given))
    state = outcome.state
  }
}

const put = (extra: Extra, question: Question): Promise<unknown> =>
  extra.sendRequest(question as ServerRequest, ResultSchema)

function addTools(server: Server, host: Host): void {
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: Object.entries(TOOLS).map(([name, { description, input }]) => ({
      name,
      description,
      inputSchema: { ...input, type: 'object' as const },
    })),
  }))
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const tool = Object.hasOwn(TOOLS, params.name) ? TOOLS[params.name] : undefined
    if (tool === undefined) throw unknown(`tool ${params.name}`)
    const about = {
      args: params.arguments ?? {},
      capabilities: server.getClientCapabilities() ?? {},
      ...host,
      ...talk(extra),
    }
    return inRounds(extra, (answers, state) => tool.run({ ...about, answers, state }))
  })
}

function talk(
  extra: Extra,
): Pick<ToolCall, 'progressToken' | 'signal' | 'progress' | 'log' | 'leaveStream'> {
  const progressToken = extra._meta?.progressToken
  return {
    progressToken,
    signal: extra.signal,
    progress: async (progress, total, message) => {
      if (progressToken === undefined) return
      const params = { progressToken, progress, total, message }
      await extra.sendNotification({ method: 'notifications/progress', params })
    },
    log: async data => {
      const params = { level: 'info', logger: INFO.name, data } as const
      await extra.sendNotification({ method: 'notifications/message', params })
    },
    leaveStream: () => extra.closeSSEStream?.(),
  }
}

function addPrompts(server: Server): void {
  server.setRequestHandler(ListPromptsRequestSchema, () => ({
    prompts: Object.entries(PROMPTS).map(([name, { description, arguments: names = [] }]) => ({
      name,
      description,
      arguments: names.map(one => ({ name: one, required: true })),
    })),
  }))
  server.setRequestHandler(GetPromptRequestSchema, async ({ params }, extra) => {
    const prompt = Object.hasOwn(PROMPTS, params.name) ? PROMPTS[params.name] : undefined
    if (prompt === undefined) throw unknown(`prompt ${params.name}`)
    return inRounds(extra, async answers => prompt.run(params.arguments ?? {}, answers))
  })
}

function addResources(server: Server): void {
  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: RESOURCES.map(({ uri, name, mimeType }) => ({ uri, name, mimeType })),
  }))
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [{ ...TEMPLATE }],
  }))
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) => {
    const found = RESOURCES.find(one => one.uri === uri)
    if (found !== undefined)
      return { contents: [{ uri, mimeType: found.mimeType, ...found.content }] }
    const id = idOf(uri)
    if (id === undefined) throw unknown(`resource ${uri}`)
    return { contents: [{ uri, mimeType: TEMPLATE.mimeType, text: templated(id) }] }
  })
}
