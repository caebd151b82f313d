// What is decided on the head of a request, in which order, before a byte of its body is read.
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Refusal } from '#router/pipeline/stage.ts'
import type { AllowList } from './allow-list.ts'
import { allowReading, answerPreflight, isPreflight } from './cors.ts'
import type { HttpCaller } from './http-caller.ts'
import { guardHead } from './http-guard.ts'
import type { Pipelines } from './pipelines.ts'

export interface AdmissionPorts {
  readonly allow: AllowList
  readonly pipelines: Pipelines
  readonly isDraining: () => boolean
  /** Whether there is a virtual server of this name. */
  readonly isOffered: (serverName: string) => boolean
  /** Why a POST with this head is not served while the router is overloaded. */
  readonly shed: (serverName: string, headers: IncomingHttpHeaders) => Refusal | undefined
  readonly serverOf: (request: FastifyRequest) => string
  readonly callerOf: (request: FastifyRequest, reply: FastifyReply) => HttpCaller
  readonly refuse: (request: FastifyRequest, reply: FastifyReply, refusal: Refusal) => void
}

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
    if (expect !== undefined) reply.raw.writeContinue()
    next()
  }

function refusalOfHead({ raw }: FastifyRequest, ports: AdmissionPorts): Refusal | undefined {
  const problem = guardHead(raw)
  if (problem !== undefined) return problem
  if (ports.isDraining()) return DRAINING
  if (!ports.allow.isHostAllowed(raw.headers.host)) return { code: 'RINGMAIN_HOST_REFUSED' }
  if (!ports.allow.isOriginAllowed(raw.headers.origin)) return { code: 'RINGMAIN_ORIGIN_REFUSED' }
  return undefined
}

/** A body that nobody will read is not received. */
function refusalOfTarget(request: FastifyRequest, ports: AdmissionPorts): Refusal | undefined {
  if (!request.is404) {
    const server = ports.serverOf(request)
    if (!ports.isOffered(server)) return { code: 'RINGMAIN_UNKNOWN_SERVER' }
    return request.method === 'POST' ? ports.shed(server, request.raw.headers) : undefined
  }
  if (!OURS.test(request.url)) return { code: 'RINGMAIN_UNKNOWN_PATH' }
  return isPreflight(request.raw) ? undefined : { code: 'RINGMAIN_METHOD_NOT_ALLOWED' }
}
