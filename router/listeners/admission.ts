// What is decided on the head of a request, in which order, before a byte of its body is read.
import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { Refusal } from '#router/pipeline/stage.ts'
import type { AllowList } from './allow-list.ts'
import type { Admission, Request, Unwanted } from './caller-connection.ts'
import { allowReading, answerPreflight, isPreflight } from './cors.ts'
import { guardHead } from './http-guard.ts'
import { lengthOf } from './request-head.ts'

/** Made before, and the same for everybody. */
export interface ReadyAnswer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: Buffer | string
}

/** What a POST with this head is answered while the router is overloaded; undefined when it is served. */
export type Shed = (serverName: string, headers: IncomingHttpHeaders) => ReadyAnswer | undefined

export interface AdmissionPorts {
  readonly nowMs: () => number
  readonly allow: AllowList
  readonly defaultServer: string
  /** Whether calls on this connection are refused, since the router ends. */
  readonly isDraining: (socket: Socket) => boolean
  /** Whether there is a virtual server of this name. */
  readonly isOffered: (serverName: string) => boolean
  readonly shed: Shed
  /** Told of each answer that `shed` gave, and how long after its head it was written. */
  readonly wasShed: (serverName: string, tookMs: number) => void
  readonly refuse: (request: Request, refusal: Refusal) => void
}

/** The rest of a short body is read and thrown away, which costs less than a new connection. */
const SHORT_BODY = 65_536
/** By then somebody else listens at this address, or nobody does. */
const DRAINING: Refusal = { code: 'RINGMAIN_DRAINING', retryAfterMs: 1_000 }

export const admission =
  (ports: AdmissionPorts) =>
  (request: Request): Admission => {
    const { head, caller } = request
    const { origin } = head.headers
    const refused = (refusal: Refusal, thenBody: Unwanted = 'skip_if_here'): Admission => ({
      thenBody,
      answer: () => ports.refuse(request, refusal),
    })
    // What two parsers may read differently has nothing behind it.
    const problem = guardHead(head)
    if (problem !== undefined) return refused(problem, 'close')
    const early = refusalOfSender(request, ports)
    if (early !== undefined) return refused(early)
    if (origin !== undefined) allowReading(origin, caller)
    const server = serverIn(head.url, ports.defaultServer)
    if (server === undefined) return refused({ code: 'RINGMAIN_UNKNOWN_PATH' })
    if (isPreflight(head))
      return { thenBody: 'skip_if_here', answer: () => answerPreflight(head, caller) }
    if (!SERVED.includes(head.method)) return refused({ code: 'RINGMAIN_METHOD_NOT_ALLOWED' })
    if (!ports.isOffered(server)) return refused({ code: 'RINGMAIN_UNKNOWN_SERVER' })
    if (head.method !== 'POST') return 'read'
    const shedding = shed(request, server, ports)
    if (shedding !== undefined) return shedding
    // A body is JSON and says so; who sends none need not say what it is.
    const type = head.headers['content-type']
    const isTyped = type === undefined ? lengthOf(head) === 0 : isJson(type)
    return isTyped ? 'read' : refused({ code: 'RINGMAIN_UNSUPPORTED_MEDIA_TYPE' })
  }

const SERVED: readonly string[] = ['POST', 'GET', 'DELETE']

/** The virtual server that a target names; undefined where it is of another path. */
export function serverIn(url: string, defaultServer: string): string | undefined {
  const query = url.indexOf('?')
  const path = query === -1 ? url : url.slice(0, query)
  if (path === '/mcp') return defaultServer
  const name = path.startsWith('/mcp/') ? path.slice(5) : ''
  return name === '' || name.includes('/') ? undefined : name
}

function refusalOfSender({ head, socket }: Request, ports: AdmissionPorts): Refusal | undefined {
  if (ports.isDraining(socket)) return DRAINING
  if (!ports.allow.isHostAllowed(head.headers.host)) return { code: 'RINGMAIN_HOST_REFUSED' }
  if (!ports.allow.isOriginAllowed(head.headers.origin)) return { code: 'RINGMAIN_ORIGIN_REFUSED' }
  return undefined
}

/** Answered here and by nothing else: what refuses calls while there are too many must cost next to nothing. */
function shed(request: Request, server: string, ports: AdmissionPorts): Admission | undefined {
  const { head, caller, arrivedMs } = request
  const ready = ports.shed(server, head.headers)
  if (ready === undefined) return undefined
  const length = lengthOf(head)
  return {
    thenBody: length !== 'chunked' && length <= SHORT_BODY ? 'skip' : 'close',
    answer: () => {
      caller.send(ready.status, ready.headers, ready.body)
      ports.wasShed(server, ports.nowMs() - arrivedMs)
    },
  }
}

const isJson = (type: string): boolean =>
  type === JSON_TYPE || (type.split(';', 1)[0] as string).trim().toLowerCase() === JSON_TYPE
const JSON_TYPE = 'application/json'
