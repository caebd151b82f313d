// What is decided on the head of a request, in which order, before a byte of its body is read.
import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Refusal } from '#router/pipeline/stage.ts'
import type { AllowList } from './allow-list.ts'
import { allowReading, answerPreflight, isPreflight } from './cors.ts'
import type { HttpCaller } from './http-caller.ts'
import { guardHead } from './http-guard.ts'
import type { Pipelines } from './pipelines.ts'

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
  readonly pipelines: Pipelines
  /** Whether calls on this connection are refused, since the router ends. */
  readonly isDraining: (socket: Socket) => boolean
  /** Whether there is a virtual server of this name. */
  readonly isOffered: (serverName: string) => boolean
  readonly shed: Shed
  /** Told of each answer that `shed` gave, and how long after its head it was written. */
  readonly wasShed: (serverName: string, tookMs: number) => void
  readonly serverOf: (request: FastifyRequest) => string
  readonly callerOf: (request: FastifyRequest, reply: FastifyReply) => HttpCaller
  readonly refuse: (request: FastifyRequest, reply: FastifyReply, refusal: Refusal) => void
}

const SHORT_BODY = 65_536
const OURS = /^\/mcp(?:\/[^/?]+)?(?:\?|$)/
/** By then somebody else listens at this address, or nobody does. */
const DRAINING: Refusal = { code: 'RINGMAIN_DRAINING', retryAfterMs: 1_000 }

export const admission =
  (ports: AdmissionPorts) =>
  (request: FastifyRequest, reply: FastifyReply, next: () => void): void => {
    if (!ports.pipelines.admits(request.raw, reply.raw)) {
      reply.hijack()
      return
    }
    const { origin, expect } = request.raw.headers
    const early = refusalOfHead(request, ports)
    if (early === undefined && origin !== undefined) allowReading(origin, reply.raw)
    const refusal = early ?? refusalOfTarget(request, ports)
    if (refusal !== undefined) return ports.refuse(request, reply, refusal)
    if (isPreflight(request.raw)) {
      reply.hijack()
      answerPreflight(request.raw, ports.callerOf(request, reply))
      return
    }
    if (request.method === 'POST' && isShed(request, reply, ports)) return
    if (expect !== undefined) reply.raw.writeContinue()
    next()
  }

function refusalOfHead({ raw }: FastifyRequest, ports: AdmissionPorts): Refusal | undefined {
  const problem = guardHead(raw)
  if (problem !== undefined) return problem
  if (ports.isDraining(raw.socket)) return DRAINING
  if (!ports.allow.isHostAllowed(raw.headers.host)) return { code: 'RINGMAIN_HOST_REFUSED' }
  if (!ports.allow.isOriginAllowed(raw.headers.origin)) return { code: 'RINGMAIN_ORIGIN_REFUSED' }
  return undefined
}

/** A body that nobody will read is not received. */
function refusalOfTarget(request: FastifyRequest, ports: AdmissionPorts): Refusal | undefined {
  if (!request.is404) {
    return ports.isOffered(ports.serverOf(request))
      ? undefined
      : { code: 'RINGMAIN_UNKNOWN_SERVER' }
  }
  if (!OURS.test(request.url)) return { code: 'RINGMAIN_UNKNOWN_PATH' }
  return isPreflight(request.raw) ? undefined : { code: 'RINGMAIN_METHOD_NOT_ALLOWED' }
}

/** Answered here and by nothing else: what refuses calls while there are too many must cost next to nothing. */
function isShed(request: FastifyRequest, reply: FastifyReply, ports: AdmissionPorts): boolean {
  const { raw } = request
  const server = ports.serverOf(request)
  const answer = ports.shed(server, raw.headers)
  if (answer === undefined) return false
  reply.hijack()
  // The rest of a short body is read and thrown away, which costs less than a new connection.
  if (!raw.complete && !(Number(raw.headers['content-length']) <= SHORT_BODY))
    ports.pipelines.endWith(raw, reply.raw)
  ports.callerOf(request, reply).send(answer.status, answer.headers, answer.body)
  ports.wasShed(server, ports.nowMs() - request.arrivedMs)
  return true
}
