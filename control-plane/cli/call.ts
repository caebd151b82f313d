// `ringmain call TOOL --arg k=v…`: one tool call through the router, as any assistant would make it.
// Exit 1 means that the call failed or that the tool said so; the text says which, and whether it can have run.
import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import type { CallToolResult, Progress, Tool } from '@modelcontextprotocol/client'
import { formatDuration } from '#foundation/duration.ts'
import { nearest } from '#routes/compile/nearest.ts'
import { missingArguments, namesOf, parseArguments, usageOf } from './call-arguments.ts'
import { EXIT, Failure, reasonOf, usageFailure } from './failure.ts'
import { type McpSession, type SessionOptions, withMcpSession } from './mcp-session.ts'
import { type Column, renderTable, withoutControls } from './table.ts'
import type { OutputForm, Terminal } from './terminal.ts'

const PROBLEM_META_KEY = 'dev.ringmain/problem'
const REPLICA_META_KEY = 'dev.ringmain/replica'
const MOST_NAMES = 20

export interface CallOptions extends SessionOptions {
  readonly tool?: string
  readonly list: boolean
  readonly arg: readonly string[]
  /** A file that holds all arguments as a JSON object; `-` is stdin. */
  readonly json?: string
  readonly output: OutputForm
}

export async function runCall(options: CallOptions, terminal: Terminal): Promise<number> {
  if (!options.list && options.tool === undefined) {
    throw usageFailure('which tool? name one, or list them', 'npx ringmain call --list')
  }
  return withMcpSession(options, session =>
    options.list ? listTools(session, options, terminal) : callTool(session, options, terminal),
  )
}

async function listTools(
  { client, signal }: McpSession,
  { output }: CallOptions,
  terminal: Terminal,
): Promise<number> {
  const { tools } = await client.listTools(undefined, { signal })
  if (output === 'json') {
    terminal.print(envelope('ToolList', tools, { era: client.getProtocolEra() }))
    return EXIT.done
  }
  const width = output === 'wide' ? Number.POSITIVE_INFINITY : terminal.width
  for (const line of renderTable(toolColumns, tools, width).lines) terminal.print(line)
  return EXIT.done
}

const toolColumns: readonly Column<Tool>[] = [
  { head: 'TOOL', value: ({ name }) => name, least: 24 },
  { head: 'EFFECT', value: ({ annotations }) => (annotations?.readOnlyHint ? 'read' : 'write') },
  { head: 'ARGUMENTS', value: ({ inputSchema }) => namesOf(inputSchema), least: 20, leaves: 1 },
  {
    head: 'SAYS',
    value: ({ title, description }) => title ?? description ?? '',
    least: 20,
    leaves: 2,
  },
]

async function callTool(
  { client, signal }: McpSession,
  options: CallOptions,
  terminal: Terminal,
): Promise<number> {
  const { tools } = await client.listTools(undefined, { signal })
  const tool = tools.find(({ name }) => name === options.tool)
  if (tool === undefined) throw unknownTool(options.tool ?? '', tools)
  const args = {
    ...(await mustReadJson(options.json)),
    ...parseArguments(options.arg, tool.inputSchema),
  }
  const missing = missingArguments(args, tool.inputSchema)
  if (missing.length > 0) {
    throw usageFailure(
      `${tool.name} needs ${missing.join(', ')}`,
      `npx ringmain call ${tool.name} ${usageOf(tool.inputSchema)}`,
    )
  }
  const startedMs = performance.now()
  const result = await client.callTool(
    { name: tool.name, arguments: args },
    {
      signal,
      // The deadline of the whole command rules; the SDK's own minute must not end a longer call.
      timeout: options.timeoutMs,
      onprogress: progress => terminal.say(progressLine(progress)),
    },
  )
  const took = formatDuration(performance.now() - startedMs)
  const era = client.getProtocolEra() ?? 'legacy'
  if (options.output === 'json') {
    terminal.print(envelope('ToolResultList', [result], { tool: tool.name, era, took }))
  } else {
    for (const line of resultLines(result)) {
      terminal.print(terminal.isInteractive ? printable(line) : line)
    }
  }
  terminal.say(closingLine(result, `${took}, ${era} era`))
  return result.isError ? EXIT.failed : EXIT.done
}

function unknownTool(name: string, tools: readonly Tool[]): Failure {
  const names = tools.map(tool => tool.name)
  const near = nearest(name, names) ?? names.find(known => known.endsWith(`__${name}`))
  const shown = names.slice(0, MOST_NAMES).join(', ')
  return new Failure(EXIT.failed, {
    code: 'unknown_tool',
    what: `no tool is called ${JSON.stringify(name)}`,
    why:
      names.length === 0
        ? 'the server offers no tool at all'
        : `offered are ${shown}${names.length > MOST_NAMES ? ' …' : ''}`,
    next: near === undefined ? 'npx ringmain call --list' : `npx ringmain call ${near}`,
  })
}

async function mustReadJson(file: string | undefined): Promise<Readonly<Record<string, unknown>>> {
  if (file === undefined) return {}
  try {
    const text = file === '-' ? await readAll(process.stdin) : await readFile(file, 'utf8')
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
    throw new Error('expected one JSON object')
  } catch (error) {
    throw new Failure(
      EXIT.usage,
      {
        code: 'usage',
        what: 'the arguments cannot be read',
        where: file === '-' ? 'stdin' : file,
        why: reasonOf(error),
        next: `echo '{"query":"hello"}' | npx ringmain call search__search --json -`,
      },
      error,
    )
  }
}

/** Structured content where there is some: the text beside it says the same, once more. */
export function resultLines(result: CallToolResult): readonly string[] {
  if (result.structuredContent !== undefined && !result.isError) {
    return [JSON.stringify(result.structuredContent, null, 2)]
  }
  return result.content.map(block => (block.type === 'text' ? block.text : JSON.stringify(block)))
}

function closingLine(result: CallToolResult, how: string): string {
  const replica = result._meta?.[REPLICA_META_KEY]
  const by = typeof replica === 'string' ? ` by ${replica}` : ''
  if (!result.isError) return `answered${by} in ${how}`
  const problem = result._meta?.[PROBLEM_META_KEY]
  return problem === undefined
    ? `the tool answered${by} that it failed (${how})`
    : `refused by the router (${how}); see npx ringmain status`
}

function progressLine({ progress, total, message }: Progress): string {
  const share = total === undefined ? String(progress) : `${progress}/${total}`
  return message === undefined ? share : `${share} ${withoutControls(message)}`
}

/** Text of a tool may not steer the terminal of the person who reads it; its line breaks may stay. */
function printable(text: string): string {
  return text.split('\n').map(withoutControls).join('\n')
}

function envelope(kind: string, items: readonly unknown[], meta: object): string {
  return JSON.stringify({ apiVersion: 'ringmain/v1', kind, items, meta })
}
