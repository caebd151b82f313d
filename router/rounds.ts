// What a server writes down between two rounds of a call goes out sealed: for this virtual server, cluster, method and parameters, and for
// ten minutes. Whichever router with the key gets the next round opens it, and the server finds what it wrote.
import type { Sealer } from '#foundation/seal.ts'
import type { Owned } from '#routes/wire-names.ts'
import { paramsDigest } from './eras/params-digest.ts'
import type { Decoded, Located, ParkedCall, Rounds } from './facts.ts'
import { hasRounds } from './methods.ts'
import type { Refusal } from './pipeline/stage.ts'

/** As long as a person is given to answer. */
export const LASTS_MS = 600_000
/** For all rounds of a call that waits at a legacy server: only by that does a router know that no other one goes on with it. */
const WAITS_MS = 2 * LASTS_MS

export interface RoundPorts {
  readonly sealer: Sealer
  readonly wallMs: () => number
}

/** What the server wrote down, or where its call waits. */
type SealedState = readonly [untilMs: number, own: string | ParkedCall]

const NOT_OURS: Refusal = { code: 'RINGMAIN_STATE_REFUSED' }

export function roundsOf(
  { sealer, wallMs }: RoundPorts,
  call: Decoded & Located,
  { member }: Owned,
): Rounds | Refusal | undefined {
  const { era, message, server } = call
  if (era === 'legacy' || !hasRounds(message.method)) return undefined
  // What it is bound to is not in it, but what it is sealed with: another call finds nothing that opens.
  const purpose = (): string =>
    JSON.stringify(['state', server.name, member.cluster, message.method, paramsDigest(message)])
  const seal = (own: string | ParkedCall, endsMs: number): string => {
    const untilMs = Math.min(wallMs() + LASTS_MS, endsMs)
    return sealer.seal(purpose(), [untilMs, own] satisfies SealedState)
  }
  const roundsUntil = (endsMs: number): Rounds => ({
    seal: own => seal(own, Number.POSITIVE_INFINITY),
    park: call => seal({ ...call, endsMs }, endsMs),
    waitsMs: () => endsMs - wallMs(),
  })
  const first = roundsUntil(wallMs() + WAITS_MS)
  if (!('requestState' in message.params)) return first
  const { requestState } = message.params
  const opened = typeof requestState === 'string' ? sealer.open(purpose(), requestState) : undefined
  if (opened === undefined) return NOT_OURS
  const [untilMs, own] = opened as SealedState // sealed by us, so of this shape
  if (wallMs() > untilMs) return { ...NOT_OURS, detail: 'it is too old' }
  return typeof own === 'string'
    ? { ...first, ownState: own }
    : { ...roundsUntil(own.endsMs), parked: own }
}
