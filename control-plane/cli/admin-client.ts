// Reads the router's admin listener. Anything but an answer of the expected shape is a failure with a next step.
import { EXIT, Failure, isUnreachable, reasonOf } from './failure.ts'

export const DEFAULT_ADMIN_URL = 'http://127.0.0.1:7402'
export const ADMIN_ENV = 'RINGMAIN_ADMIN'

const ANSWER_TIMEOUT_MS = 5_000

export interface AdminClient {
  readonly base: string
  /** `otherStatus`: a status besides 200 that also carries the expected body. */
  readonly get: <Body>(path: string, otherStatus?: number) => Promise<Body>
}

export function adminClient(base: string, timeoutMs = ANSWER_TIMEOUT_MS): AdminClient {
  if (!URL.canParse(base)) {
    throw new Failure(EXIT.usage, {
      code: 'usage',
      what: 'the address of the router is not a URL',
      where: `--server, or ${ADMIN_ENV}`,
      why: `got ${JSON.stringify(base)}`,
      next: `--server ${DEFAULT_ADMIN_URL}`,
    })
  }
  return {
    base,
    get: async (path, otherStatus) => {
      const url = new URL(path, base)
      const answer = await mustFetch(url, timeoutMs)
      if (answer.status === 401 || answer.status === 403) {
        throw new Failure(EXIT.needsAuth, {
          code: 'needs_auth',
          what: 'the router refuses to show its state',
          where: url.href,
          why: `HTTP ${answer.status}`,
          next: 'check --server: the admin listener must be asked by a name it allows',
        })
      }
      if (answer.status !== 200 && answer.status !== otherStatus) {
        throw notRingmain(url, `HTTP ${answer.status}`)
      }
      try {
        return (await answer.json()) as never
      } catch (error) {
        throw notRingmain(url, `the answer is not JSON (${reasonOf(error)})`)
      }
    },
  }
}

async function mustFetch(url: URL, timeoutMs: number): Promise<Response> {
  try {
    return await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
  } catch (error) {
    if (!isUnreachable(error) && !isTimeout(error)) throw notRingmain(url, reasonOf(error))
    throw new Failure(
      EXIT.unreachable,
      {
        code: 'unreachable',
        what: 'the router cannot be reached',
        where: url.origin,
        why: reasonOf(error),
        next: `npm start, or name another router with --server URL (or ${ADMIN_ENV})`,
      },
      error,
    )
  }
}

const isTimeout = (error: unknown): boolean =>
  error instanceof Error && error.name === 'TimeoutError'

function notRingmain(url: URL, why: string): Failure {
  return new Failure(EXIT.unreachable, {
    code: 'unreachable',
    what: 'this is not the admin listener of a router',
    where: url.href,
    why,
    next: `--server must name the admin listener, as ${DEFAULT_ADMIN_URL}`,
  })
}
