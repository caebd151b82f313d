// A modern server with the tasks extension (SEP-2663), by hand, since no SDK has it: what the conformance suite wants to find of it. Its
// tasks are its own: another one does not know them.
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

type Json = Readonly<Record<string, unknown>>

interface Call {
  readonly id: unknown
  readonly method: string
  readonly params: Json
  /** Its caller has said, with this request, that it knows tasks. */
  readonly knowsTasks: boolean
}

interface Task {
  readonly taskId: string
  readonly createdAt: string
  status: 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled'
  /** What it still wants to know. */
  asks: Record<string, Json>
  readonly answers: Record<string, unknown>
  result?: Json
  error?: Json
}

export interface TasksServer {
  readonly url: string
  /** Methods that came, of tasks alone. */
  readonly asked: readonly string[]
  readonly close: () => Promise<void>
}

const TASKS = 'io.modelcontextprotocol/tasks'
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities'
const TTL_MS = 600_000

class RpcError extends Error {
  readonly on: { readonly code: number; readonly status: number; readonly data?: Json }

  constructor(code: number, message: string, status = 200, data?: Json) {
    super(message)
    this.on = { code, status, ...(data && { data }) }
  }
}

const undeclared = (): RpcError =>
  new RpcError(-32021, 'The client does not know tasks.', 400, {
    requiredCapabilities: { extensions: { [TASKS]: {} } },
  })

const said = (text: string, more: Json = {}): Json => ({
  content: [{ type: 'text', text }],
  ...more,
})
const form = (message: string): Json => ({
  method: 'elicitation/create',
  params: { mode: 'form', message, requestedSchema: { type: 'object', properties: {} } },
})

/** What runs as a task; `seconds` before it is done. */
interface Work {
  readonly seconds: number
  readonly asks?: Record<string, Json>
  readonly done: (answers: Json) => { readonly result: Json } | { readonly error: Json }
}

/** `required`: it can be run as nothing else. */
const WORK: Readonly<
  Record<string, { readonly required?: true; readonly of: (args: Json) => Work }>
> = {
  slow_compute: {
    of: ({ seconds, label }) => ({
      seconds: Number(seconds),
      done: () => ({ result: said(`computed ${String(label)}`) }),
    }),
  },
  failing_job: {
    required: true,
    of: () => ({ seconds: 0.2, done: () => ({ result: said('it broke', { isError: true }) }) }),
  },
  protocol_error_job: {
    of: () => ({
      seconds: 0.1,
      done: () => ({ error: { code: -32603, message: 'it fell over' } }),
    }),
  },
  confirm_delete: {
    of: ({ filename }) => ({
      seconds: 0,
      asks: { confirm: form(`Delete ${String(filename)}?`) },
      done: () => ({ result: said(`deleted ${String(filename)}`) }),
    }),
  },
  multi_input: {
    of: () => ({
      seconds: 0,
      asks: { one: form('The first?'), two: form('The second?') },
      done: () => ({ result: said('both are known') }),
    }),
  },
}

type Running = Task & { readonly work: Work }

/** What the server has of tasks, and the tools that make them. */
class Tasks {
  readonly asked: string[] = []
  /** As many as one test makes. */
  readonly #tasks = new Map<string, Running>()
  readonly #timers = new Set<NodeJS.Timeout>()

  readonly #methods: Readonly<Record<string, (call: Call) => Json>> = {
    'tasks/get': call => {
      const task = this.#found(call)
      const { status, asks, result, error } = task
      return {
        ...shown(task),
        ...(status === 'input_required' && { inputRequests: asks }),
        ...(result && { result }),
        ...(error && { error }),
      }
    },
    'tasks/update': call => {
      const task = this.#found(call)
      for (const [key, answer] of Object.entries((call.params['inputResponses'] ?? {}) as Json)) {
        if (!(key in task.asks)) continue
        task.answers[key] = answer
        delete task.asks[key]
      }
      if (task.status === 'input_required' && Object.keys(task.asks).length === 0) {
        task.status = 'working'
        settle(task)
      }
      return {}
    },
    'tasks/cancel': call => {
      const task = this.#found(call)
      if (task.status === 'working' || task.status === 'input_required') task.status = 'cancelled'
      return {}
    },
  }

  run(call: Call): Json {
    if (call.method === 'tools/call') return this.#callTool(call)
    const own = this.#methods[call.method]
    const method = own ?? PLAIN[call.method]
    if (method === undefined) throw new RpcError(-32601, 'Method not found', 404)
    if (own !== undefined) {
      this.asked.push(call.method)
      if (!call.knowsTasks) throw undeclared()
    }
    return method(call)
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #callTool({ params, knowsTasks }: Call): Json {
    const args = (params['arguments'] ?? {}) as Json
    const name = String(params['name'])
    if (name === 'greet') return said(`Hello, ${String(args['name'])}!`)
    if (name === 'test_tool_with_task') return inTwoSteps(params, work => this.#begin(work))
    const tool = WORK[name]
    if (tool === undefined) throw new RpcError(-32602, 'There is no such tool.')
    const work = tool.of(args)
    if (knowsTasks) return this.#begin(work)
    if (tool.required === true) throw undeclared()
    const done = work.done({})
    return 'result' in done ? done.result : said('it fell over', { isError: true })
  }

  #begin(work: Work): Json {
    const task: Running = {
      taskId: randomUUID(),
      createdAt: new Date().toISOString(),
      status: work.asks === undefined ? 'working' : 'input_required',
      asks: { ...work.asks },
      answers: {},
      work,
    }
    this.#tasks.set(task.taskId, task)
    if (work.asks === undefined)
      this.#timers.add(setTimeout(() => settle(task), work.seconds * 1_000))
    return { resultType: 'task', ...shown(task) }
  }

  #found({ params }: Call): Running {
    const task = this.#tasks.get(String(params['taskId']))
    if (task === undefined) throw new RpcError(-32602, 'There is no such task here.')
    return task
  }
}

function settle(task: Running): void {
  if (task.status !== 'working') return
  Object.assign(task, task.work.done(task.answers))
  task.status = task.error === undefined ? 'completed' : 'failed'
}

export async function startTasksServer(): Promise<TasksServer> {
  const tasks = new Tasks()
  const server = createServer((request, response) => {
    void json(request).then(body =>
      answer(request, response, body as Json, call => tasks.run(call)),
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    asked: tasks.asked,
    close: () =>
      new Promise(resolve => {
        tasks.close()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const shown = ({ taskId, status, createdAt }: Task): Json => ({
  taskId,
  status,
  createdAt,
  lastUpdatedAt: new Date().toISOString(),
  ttlMs: TTL_MS,
  pollIntervalMs: 100,
})

/** First it asks, as any tool may, and with the answer it begins a task. */
function inTwoSteps(params: Json, begin: (work: Work) => Json): Json {
  const answers = params['inputResponses'] as Readonly<Record<string, Json>> | undefined
  const { content } = (answers?.['user_name'] ?? {}) as { readonly content?: Json }
  if (content === undefined)
    return { resultType: 'input_required', inputRequests: { user_name: form('Who is it?') } }
  const name = String(content['name'])
  return begin({ seconds: 0, done: () => ({ result: said(`done for ${name}`) }) })
}

const STAMP = { ttlMs: 60_000, cacheScope: 'private' } as const
const PLAIN: Readonly<Record<string, () => Json>> = {
  'server/discover': () => ({
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: {}, extensions: { [TASKS]: {} } },
    ...STAMP,
  }),
  'tools/list': () => ({
    tools: ['greet', 'test_tool_with_task', ...Object.keys(WORK)].map(name => ({
      name,
      inputSchema: { type: 'object' },
    })),
    ...STAMP,
  }),
}

/** What `Mcp-Name` repeats. */
const NAMED: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
}

/** Checks what mirrors the body, runs it, and says what came of it. */
function answer(
  request: IncomingMessage,
  response: ServerResponse,
  body: Json,
  run: (call: Call) => Json,
): void {
  const { id, method, params } = body as { id: unknown; method: string; params: Json }
  const meta = (params['_meta'] ?? {}) as Readonly<Record<string, Json>>
  const extensions = (meta[CAPABILITIES]?.['extensions'] ?? {}) as Json
  const about = NAMED[method]
  const mirrored: ReadonlyArray<readonly [string, unknown]> = [
    ['mcp-method', method],
    ['mcp-name', about && params[about]],
  ]
  try {
    for (const [header, stated] of mirrored)
      if (request.headers[header] !== stated && PLAIN[method] === undefined && stated !== undefined)
        throw new RpcError(-32020, `${header} is not what the body says`, 400)
    const result = run({ id, method, params, knowsTasks: TASKS in extensions })
    send(response, 200, { id, result: { resultType: 'complete', ...result } })
  } catch (error) {
    if (!(error instanceof RpcError)) throw error
    const { status, ...more } = error.on
    send(response, status, { id, error: { message: error.message, ...more } })
  }
}

function send(response: ServerResponse, status: number, message: Json): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ jsonrpc: '2.0', ...message }))
}
