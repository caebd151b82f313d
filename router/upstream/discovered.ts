// What an answer to `server/discover` shows of a replica. A server of the legacy era may know the question, and say that it speaks
// none of the modern revisions: it lists what it speaks, in a result or with a refusal.
import { type Capabilities, capabilitiesIn } from '#router/capabilities.ts'
import { isModernVersion } from '#router/eras/versions.ts'
import { instructionsIn } from './legacy-handshake.ts'

export interface Discovered {
  readonly kind: 'modern' | 'not_modern'
  readonly instructions?: string
  readonly capabilities?: Capabilities
}

/** Codes that only a modern server answers with (2026-07-28, Error Codes). */
const MODERN_CODES: readonly unknown[] = [-32020, -32021, -32022]

export function discoveredIn(message: Readonly<Record<string, unknown>>): Discovered {
  const result = message['result'] as Result | undefined
  const error = message['error'] as Refusal | undefined
  if (!isModern(result?.supportedVersions, error)) return { kind: 'not_modern' }
  const capabilities = capabilitiesIn(result)
  return {
    kind: 'modern',
    ...instructionsIn(result),
    ...(capabilities === undefined ? {} : { capabilities }),
  }
}

interface Result {
  readonly supportedVersions?: unknown
  readonly instructions?: unknown
}

interface Refusal {
  readonly code?: unknown
  readonly data?: { readonly supported?: unknown } | null
}

/** A refusal that lists no revisions proves it by its code alone. */
function isModern(versions: unknown, error: Refusal | undefined): boolean {
  if (Array.isArray(versions)) return hasModern(versions)
  if (!MODERN_CODES.includes(error?.code)) return false
  const supported = error?.data?.supported
  return !Array.isArray(supported) || hasModern(supported)
}

const hasModern = (versions: readonly unknown[]): boolean =>
  versions.some(version => typeof version === 'string' && isModernVersion(version))
