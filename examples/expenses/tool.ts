// One tool as the demo servers write it: schemas as plain JSON Schema, counted, and its results name the replica.
import {
  type CallToolResult,
  fromJsonSchema,
  type JsonSchemaType,
  type McpServer,
  type ServerContext,
  type ToolAnnotations,
} from '@modelcontextprotocol/server'
import type { Executions } from './executions.ts'

/** Beside every result: which replica ran the tool. */
export const REPLICA_META_KEY = 'dev.ringmain/replica'

export interface ToolCall {
  /** Aborted when the caller cancels or goes away. */
  readonly signal: AbortSignal
  readonly executions: Executions
  /** Sends nothing when the caller did not ask for progress. */
  readonly progress: (done: number, total: number, message: string) => Promise<void>
}

export interface Tool<Input, Output extends object> {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly input: JsonSchemaType
  readonly output: JsonSchemaType
  readonly annotations: ToolAnnotations
  readonly run: (input: Input, call: ToolCall) => Output | Promise<Output>
}

/** A tool ready for any number of servers: the SDK wants a new server for every request. */
export interface OfferedTool {
  readonly name: string
  readonly offer: (server: McpServer, executions: Executions) => void
}

/** Thrown by a tool for what its caller should read and may correct; becomes an `isError` result. */
export class ToolRefusal extends Error {}

export function defineTool<Input, Output extends object>(tool: Tool<Input, Output>): OfferedTool {
  // Built once: compiling a schema costs more than the call it checks.
  const inputSchema = fromJsonSchema<Input>(tool.input)
  const outputSchema = fromJsonSchema<Output>(tool.output)
  const { name, title, description, annotations } = tool
  return {
    name,
    offer: (server, executions) => {
      server.registerTool(
        name,
        { title, description, annotations, inputSchema, outputSchema },
        async (input: Input, context: ServerContext) => {
          const end = executions.begin(name)
          try {
            const output = await tool.run(input, callOf(context, executions))
            return resultOf(executions.replica, output)
          } catch (error) {
            if (error instanceof ToolRefusal) return refusalOf(executions.replica, error.message)
            throw error
          } finally {
            end()
          }
        },
      )
    },
  }
}

function callOf(context: ServerContext, executions: Executions): ToolCall {
  const progressToken = context.mcpReq._meta?.progressToken
  return {
    signal: context.mcpReq.signal,
    executions,
    progress: async (progress, total, message) => {
      if (progressToken === undefined) return
      const params = { progressToken, progress, total, message }
      await context.mcpReq.notify({ method: 'notifications/progress', params })
    },
  }
}

function resultOf(replica: string, output: object): CallToolResult {
  return {
    content: [{ type: 'text', text: JSON.stringify(output) }],
    structuredContent: { ...output },
    _meta: { [REPLICA_META_KEY]: replica },
  }
}

function refusalOf(replica: string, text: string): CallToolResult {
  return {
    content: [{ type: 'text', text }],
    isError: true,
    _meta: { [REPLICA_META_KEY]: replica },
  }
}
