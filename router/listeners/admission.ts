// What is decided on the head of a request, in which order, before a byte of its body is read.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Refusal } from '#router/pipeline/stage.ts'
import type { AllowList } from './allow-list.ts'
import { allowReading, answerPreflight } from './cors.ts'
import { guardHead } from './http-guard.ts'
import type { Pipelines } from './pipelines.ts'

export interface AdmissionPorts {
  readonly allow: AllowList
  readonly pipelines: Pipelines
  readonly isDraining: () => boolean
  readonly refuse: (request: FastifyRequest, reply: FastifyReply, refusal: Refusal) => void
}

/** By then somebody else listens at this address, or nobody does. */
const DRAINING: Refusal = { code: 'RINGMAIN_DRAINING', retryAfterMs: 1_000 }

export const admission =
  (ports: AdmissionPorts) =>
  (request: FastifyRequest, reply: FastifyReply, next: () => void): void => {
    if (!ports.pipelines.admits(request.raw, reply.raw)) {
      reply.hijack()
      return
    }
    const refusal = refusalOf(request, ports)
    const { origin } = request.raw.headers
    if (refusal !== undefined) ports.refuse(request, reply, refusal)
    else if (origin === undefined) next()
    else {
      allowReading(origin, reply.raw)
      if (answerPreflight(request.raw, reply.raw)) reply.hijack()
      else next()
    }
  }

function refusalOf({ raw }: FastifyRequest, ports: AdmissionPorts): Refusal | undefined {
  const problem = guardHead(raw)
  if (problem !== undefined) return problem
  if (ports.isDraining()) return DRAINING
  if (!ports.allow.isHostAllowed(raw.headers.host)) return { code: 'RINGMAIN_HOST_REFUSED' }
  if (!ports.allow.isOriginAllowed(raw.headers.origin)) return { code: 'RINGMAIN_ORIGIN_REFUSED' }
  return undefined
}
