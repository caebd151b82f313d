// The modern era (2026-07-28): every request carries its own metadata, headers mirror the body, any replica may answer.
import type { IncomingHttpHeaders } from 'node:http'
import type { ListName, Message } from '#router/facts.ts'
import { type Method, methodOf } from '#router/methods.ts'
import { type Refusal, refuse } from '#router/pipeline/stage.ts'
import { withEnvelope } from '../bridge/upward.ts'
import { changed } from '../changed-body.ts'
import {
  type Codec,
  JSON_HEADERS,
  rpcError,
  rpcResult,
  type Upgoing,
  type UpstreamRequest,
  type Upward,
} from '../codec.ts'
import { decodeHeaderValue, encodeHeaderValue } from '../header-value.ts'
import { isRecord, type Read } from '../message.ts'
import { ownStateIn } from '../sealed-state.ts'
import { HEADER, isModernVersion, LATEST_MODERN, META, MODERN_VERSIONS } from '../versions.ts'
import { modernRefusal } from './refuse.ts'

export const modernCodec: Codec = {
  era: 'modern',
  decode,
  upward,
  upstreamIdJson: message => message.idJson, // it has meaning only inside its own POST
  result: (idJson, resultJson) => ({
    status: 200,
    headers: JSON_HEADERS,
    body: rpcResult(idJson, resultJson),
  }),
  error: (idJson, errorJson, status) => ({
    status,
    headers: JSON_HEADERS,
    body: rpcError(idJson, errorJson),
  }),
  refusal: modernRefusal,
}

type Verdict = Read<{ version: string; list: ListName }>

function decode(message: Message, headers: IncomingHttpHeaders): Verdict {
  const version = message.meta[META.protocolVersion]
  // The core defines no notification from a client, nor headers for one: it is taken and has no effect.
  if (message.kind === 'notification') {
    return {
      kind: 'ok',
      value: {
        version: typeof version === 'string' && isModernVersion(version) ? version : LATEST_MODERN,
        list: 'notice',
      },
    }
  }
  if (message.kind === 'response')
    return refuse('RINGMAIN_INVALID_REQUEST', { says: 'A client of this era sends no responses.' })
  const envelope = checkEnvelope(message, headers, version)
  if (envelope !== undefined) return { kind: 'refuse', refusal: envelope }
  const method = methodOf('modern', message.method)
  if (method === undefined) return refuse('RINGMAIN_UNKNOWN_METHOD')
  const mirrored = checkMirrors(method, message, headers)
  if (mirrored !== undefined) return { kind: 'refuse', refusal: mirrored }
  return { kind: 'ok', value: { version: version as string, list: method.list } }
}

function checkEnvelope(
  message: Message,
  headers: IncomingHttpHeaders,
  version: unknown,
): Refusal | undefined {
  if (typeof version !== 'string') return missing(META.protocolVersion, version)
  const stated = headers[HEADER.version]
  if (stated !== version) return mismatch('MCP-Protocol-Version', stated, version)
  if (!isModernVersion(version)) {
    return {
      code: 'RINGMAIN_UNSUPPORTED_VERSION',
      says: `Supported: ${MODERN_VERSIONS.join(', ')}.`,
      data: { supported: MODERN_VERSIONS, requested: version },
    }
  }
  const capabilities = message.meta[META.clientCapabilities]
  return isRecord(capabilities) ? undefined : missing(META.clientCapabilities, capabilities)
}

const missing = (key: string, got: unknown): Refusal => ({
  code: 'RINGMAIN_MISSING_META',
  says: `params._meta["${key}"] ${got === undefined ? 'is missing' : 'has the wrong shape'}.`,
  data: { envelope: { missing: [key] } },
})

function checkMirrors(
  method: Method,
  message: Message,
  headers: IncomingHttpHeaders,
): Refusal | undefined {
  const named = headers[HEADER.method]
  if (named !== message.method) return mismatch('Mcp-Method', named, message.method)
  if (method.subject === undefined) return undefined
  const { expects } = method.subject
  const name = method.subject.in(message.params)?.name
  if (name === undefined) return { code: 'RINGMAIN_INVALID_PARAMS', says: expects }
  if (method.isMirrored !== true) return undefined
  const stated = headers[HEADER.name]
  const decoded = typeof stated === 'string' ? decodeHeaderValue(stated) : undefined
  return decoded === name ? undefined : mismatch('Mcp-Name', stated, name)
}

const mismatch = (header: string, got: string | string[] | undefined, body: string): Refusal => ({
  code: 'RINGMAIN_HEADER_MISMATCH',
  says:
    got === undefined
      ? `The header ${header} is missing.`
      : `The header ${header} does not say what the body says.`,
  data: { mismatch: { header: got ?? null, body } },
})

function upward(call: Upgoing, to: Upward): UpstreamRequest {
  const { message } = call
  const headers = [
    'content-type',
    'application/json',
    'accept',
    'application/json, text/event-stream',
    HEADER.version,
    to.version,
    HEADER.method,
    message.method,
    HEADER.deadline,
    String(to.leftMs),
  ]
  if (to.ownName !== undefined && methodOf('modern', message.method)?.isMirrored === true)
    headers.push(HEADER.name, encodeHeaderValue(to.ownName))
  for (const [name, value] of call.mirroredHeaders ?? []) headers.push(name, value)
  for (const [name, value] of call.passedHeaders) headers.push(name, value)
  const enveloped = to.envelope === undefined ? [] : withEnvelope(message, to.envelope)
  const state = call.rounds === undefined ? [] : ownStateIn(message, call.rounds)
  return { headers, body: changed(message, to, [...enveloped, ...state]) }
}
