// A tool of the everything server, written once for both eras: it asks its caller by returning questions, and is run again with the answers.
import type { CallToolResult, GetPromptResult, JsonSchemaType } from '@modelcontextprotocol/server'

export type Json = Readonly<Record<string, unknown>>

/** A request to the caller: `elicitation/create`, `sampling/createMessage` or `roots/list`. */
export interface Question {
  readonly method: string
  readonly params?: Json
}

export interface Questions {
  readonly ask: Readonly<Record<string, Question>>
  /** Kept until the next round: sealed and with the caller in the modern era, in memory in the legacy one. */
  readonly state?: Json
}

/** What a server is told by its tools, whichever session or request they run in. */
export interface Host {
  /** Tells who listens that a list is another one now, or that a resource is. */
  readonly changed: (what: 'tools' | 'prompts' | { readonly uri: string }) => Promise<void>
  /** Tells of a call that was cancelled, as its tool saw it. */
  readonly gaveUp: () => void
}

/** What a tool sees of the call that it serves. */
export interface ToolCall extends Host {
  readonly args: Json
  /** Answers of the round before, by the keys of its questions. */
  readonly answers: Json | undefined
  readonly state: Json | undefined
  /** Client capabilities that this caller declared. */
  readonly capabilities: Json
  readonly progressToken: string | number | undefined
  readonly signal: AbortSignal
  /** Does nothing when the caller gave no token. */
  readonly progress: (done: number, total: number, message: string) => Promise<void>
  readonly log: (text: string) => Promise<void>
  /** Ends the event stream of the call, which goes on: a legacy caller comes back for the rest. */
  readonly leaveStream: () => void
}

export interface Tool {
  readonly description: string
  readonly input?: JsonSchemaType
  readonly run: (call: ToolCall) => Promise<CallToolResult | Questions>
}

export interface Prompt {
  readonly description: string
  readonly arguments?: readonly string[]
  readonly run: (
    args: Readonly<Record<string, string>>,
    answers: Json | undefined,
  ) => GetPromptResult | Questions
}

export const asks = (outcome: object): outcome is Questions => 'ask' in outcome

export const said = (text: string): CallToolResult => ({ content: [{ type: 'text', text }] })

export const elicit = (
  message: string,
  properties: Json,
  required: readonly string[],
): Question => ({
  method: 'elicitation/create',
  params: { mode: 'form', message, requestedSchema: { type: 'object', properties, required } },
})

export const sample = (text: string, maxTokens = 100): Question => ({
  method: 'sampling/createMessage',
  params: { messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens },
})

export const ROOTS: Question = { method: 'roots/list' }

/** Content of an elicitation that was accepted with all that was required of it, each of its type. */
export function accepted(
  answers: Json | undefined,
  key: string,
  required: Readonly<Record<string, 'string' | 'boolean'>>,
): Json | undefined {
  const answer = answers?.[key] as
    | { readonly action?: unknown; readonly content?: Json }
    | undefined
  if (answer?.action !== 'accept' || typeof answer.content !== 'object') return undefined
  const { content } = answer
  return Object.entries(required).every(([name, type]) => typeof content[name] === type)
    ? content
    : undefined
}
