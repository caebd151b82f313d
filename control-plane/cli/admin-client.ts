// Asks the router's admin listener. Anything but an answer of the expected shape is a failure with a next step.
import { EXIT, Failure, isUnreachable, reasonOf } from './failure.ts'

export const DEFAULT_ADMIN_URL = 'http://127.0.0.1:7402'
export const ADMIN_ENV = 'RINGMAIN_ADMIN'

const ANSWER_TIMEOUT_MS = 5_000

export interface AdminClient {
  readonly base: string
  /** `otherStatus`: a status besides 200 that also carries the expected body. */
  readonly get: <Body>(path: string, otherStatus?: number) => Promise<Body>
  /** Asks for a change, and tells what was done; what the router says against it is the failure. */
  readonly post: (path: string, body: object) => Promise<unknown>
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
    post: async (path, body) => {
      const url = new URL(path, base)
      const answer = await mustFetch(url, timeoutMs, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      const told: unknown = await answer.json().catch(() => undefined)
      if (answer.status === 200) return told
      const why = isTold(told) ? told.error : `HTTP ${answer.status}`
      if (answer.status === 403) throw notAllowed(url, why)
      throw new Failure(EXIT.failed, {
        code: 'refused',
        what: 'the router did not do it',
        where: url.href,
        why,
        next: 'npx ringmain replicas list -o wide',
      })
    },
    get: async (path, otherStatus) => {
      const url = new URL(path, base)
      const answer = await mustFetch(url, timeoutMs)
      if (answer.status === 401 || answer.status === 403)
        throw notAllowed(url, `HTTP ${answer.status}`)
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

const notAllowed = (url: URL, why: string): Failure =>
  new Failure(EXIT.needsAuth, {
    code: 'needs_auth',
    what: 'the router refuses this',
    where: url.href,
    why,
    next: 'check --server: the admin listener must be asked by a name it allows',
  })

const isTold = (value: unknown): value is { readonly error: string } =>
  typeof value === 'object' && value !== null && 'error' in value && typeof value.error === 'string'

async function mustFetch(url: URL, timeoutMs: number, how: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, { ...how, signal: AbortSignal.timeout(timeoutMs) })
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
