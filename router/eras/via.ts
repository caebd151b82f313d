// Through which Ringmain routers a message has come. One that comes by a router for the second time goes round, and is refused there, as
// `CDN-Loop` has it (RFC 8586); a chain of routers is no circle.
import type { Refusal } from '#router/pipeline/stage.ts'
import { HEADER } from './versions.ts'

/** A chain that is longer is a circle of routers that share no id, or a mistake. */
const MOST_ROUTERS = 8
const LIST = /^[0-9a-z]{1,32}(?:, ?[0-9a-z]{1,32})*$/
/** Of as many as there may be, and then some. */
const LONGEST = 512

/** What goes on as that header; or why nothing does. */
export function viaOf(
  stated: string | readonly string[] | undefined,
  routerId: string,
): { readonly via: string } | Refusal {
  if (stated === undefined) return { via: routerId }
  if (typeof stated !== 'string' || stated.length > LONGEST || !LIST.test(stated))
    return {
      code: 'RINGMAIN_INVALID_HEADER',
      says: 'X-Ringmain-Via must be the ids of routers, of letters and digits, with commas between.',
    }
  const ids = stated.split(/, ?/)
  if (ids.includes(routerId))
    return { code: 'RINGMAIN_LOOP', says: 'It has come through this router before.' }
  if (ids.length >= MOST_ROUTERS)
    return { code: 'RINGMAIN_LOOP', says: `It has come through ${ids.length} routers.` }
  return { via: `${stated},${routerId}` }
}

type Passed = ReadonlyArray<readonly [string, string]>

/** A question of the router's own, on behalf of a caller who came that way. */
export function through<Said extends { readonly headers: readonly string[] }>(
  said: Said,
  { passedHeaders }: { readonly passedHeaders: Passed },
): Said {
  const via = passedHeaders.find(([name]) => name === HEADER.via)
  return via === undefined ? said : { ...said, headers: [...said.headers, ...via] }
}

/** Which way it has come: what is asked for callers of one way may not reach those of another. */
export const viaIn = ({ passedHeaders }: { readonly passedHeaders: Passed }): string =>
  passedHeaders.find(([name]) => name === HEADER.via)?.[1] ?? ''

/** What comes from this router, and through no other. */
export const fromRouter = (routerId: string): { readonly passedHeaders: Passed } => ({
  passedHeaders: [[HEADER.via, routerId]],
})
