// One MCP client for one command, on the official SDK: it is a caller like any assistant and has no private way in.
import {
  Client,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import { formatDuration } from '#foundation/duration.ts'
import { EXIT, Failure, isUnreachable, reasonOf } from './failure.ts'

export type EraChoice = 'auto' | 'modern' | 'legacy'

/** The SDK speaks the legacy era unless it is told otherwise. */
const NEGOTIATION = {
  auto: { mode: 'auto' },
  modern: { mode: { pin: '2026-07-28' } },
  legacy: { mode: 'legacy' },
} as const

export interface SessionOptions {
  readonly url: string
  readonly era: EraChoice
  readonly timeoutMs: number
  readonly version: string
}

export interface McpSession {
  readonly client: Client
  /** Aborted by the deadline of the whole command, or by Ctrl-C. */
  readonly signal: AbortSignal
}

/** Runs `work` with a connected client and closes it, whatever happens; failures come out as `Failure`. */
export async function withMcpSession<Result>(
  options: SessionOptions,
  work: (session: McpSession) => Promise<Result>,
): Promise<Result> {
  const url = mustReadUrl(options.url)
  const client = new Client(
    { name: 'ringmain-cli', version: options.version },
    { versionNegotiation: NEGOTIATION[options.era] },
  )
  const interrupted = new AbortController()
  const interrupt = (): void => interrupted.abort()
  process.once('SIGINT', interrupt)
  const deadline = AbortSignal.timeout(options.timeoutMs)
  const lost = new AbortController()
  // A stream that breaks off leaves the SDK waiting for an answer that cannot come any more.
  client.onerror = error => {
    if (error.message.startsWith('SSE stream disconnected')) lost.abort()
  }
  const signal = AbortSignal.any([deadline, interrupted.signal, lost.signal])
  try {
    await client.connect(new StreamableHTTPClientTransport(url), {
      signal,
      timeout: options.timeoutMs,
    })
    return await work({ client, signal })
  } catch (error) {
    if (error instanceof Failure) throw error
    if (interrupted.signal.aborted) {
      throw new Failure(EXIT.interrupted, {
        code: 'interrupted',
        what: 'interrupted; the call was cancelled',
      })
    }
    if (lost.signal.aborted) throw connectionLost(url)
    if (deadline.aborted || isSdkTimeout(error)) throw timedOut(options, url)
    throw asFailure(error, url)
  } finally {
    process.off('SIGINT', interrupt)
    await client.close()
  }
}

function mustReadUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url
  throw new Failure(EXIT.usage, {
    code: 'usage',
    what: 'the address of the MCP endpoint is not a URL',
    where: '--server-url',
    why: `got ${JSON.stringify(text)}`,
    next: '--server-url http://127.0.0.1:7400/mcp',
  })
}

const isSdkTimeout = (error: unknown): boolean =>
  error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout

function timedOut({ timeoutMs }: SessionOptions, url: URL): Failure {
  return new Failure(EXIT.timedOut, {
    code: 'timed_out',
    what: `no answer within ${formatDuration(timeoutMs)}`,
    where: url.href,
    why: 'the call was cancelled; outcome_unknown: a tool that was reached may have run',
    next: 'give it longer with --timeout 5m, or see npx ringmain status',
  })
}

function connectionLost(url: URL): Failure {
  return new Failure(EXIT.failed, {
    code: 'outcome_unknown',
    what: 'the connection was lost before the answer',
    where: url.href,
    why: 'outcome_unknown: a tool that was reached may have run',
    next: 'check what the tool did before calling it again',
  })
}

function asFailure(error: unknown, url: URL): Failure {
  if (isUnreachable(error)) {
    return new Failure(
      EXIT.unreachable,
      {
        code: 'unreachable',
        what: 'the MCP endpoint cannot be reached',
        where: url.href,
        why: reasonOf(error),
        next: 'npm start, or name another endpoint with --server-url URL',
      },
      error,
    )
  }
  const status = error instanceof SdkHttpError ? error.status : undefined
  const problem = problemIn(error)
  const needsAuth = status === 401 || status === 403
  return new Failure(
    needsAuth ? EXIT.needsAuth : EXIT.failed,
    {
      code: problem?.code?.toLowerCase() ?? (needsAuth ? 'needs_auth' : 'call_failed'),
      what: needsAuth ? 'the endpoint refuses this caller' : 'the call failed',
      where: url.href,
      why: problem?.says ?? reasonOf(error),
      next: 'npx ringmain status',
    },
    error,
  )
}

interface CallProblem {
  readonly code?: string
  readonly says: string
}

/** The router's own sentence, wherever the SDK has put the error body that carries it. */
export function problemIn(error: unknown): CallProblem | undefined {
  if (!(error instanceof Error)) return undefined
  const body = error instanceof SdkHttpError ? parseBody(error.data['text']) : undefined
  const inData = problemOf((error as { readonly data?: unknown }).data)
  return inData ?? problemOf(body?.data) ?? sentenceOf(body) ?? problemIn(error.cause)
}

function problemOf(holder: unknown): CallProblem | undefined {
  const problem = (holder as { readonly problem?: Partial<CallProblem> } | undefined | null)
    ?.problem
  if (typeof problem?.says !== 'string') return undefined
  return typeof problem.code === 'string'
    ? { code: problem.code, says: problem.says }
    : { says: problem.says }
}

interface ErrorBody {
  readonly message?: unknown
  readonly data?: unknown
}

function parseBody(text: unknown): ErrorBody | undefined {
  if (typeof text !== 'string') return undefined
  try {
    return (JSON.parse(text) as { readonly error?: ErrorBody } | null)?.error
  } catch {
    return undefined // Not a JSON-RPC body: then the status is all there is to say.
  }
}

const sentenceOf = (body: ErrorBody | undefined): CallProblem | undefined =>
  typeof body?.message === 'string' ? { says: body.message } : undefined
