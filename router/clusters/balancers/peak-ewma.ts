// Which replica takes the next call: the cheapest of all where there are few, the cheaper of two at random where there are many.
// A replica that warms up is passed over but for its share. As a factor of its cost, that share would be none at all while
// the others are idle, and of replicas that start together the first would take everything.
import type { Random } from '#foundation/clock.ts'
import type { Endpoint } from '../endpoint.ts'

/** Up to here every endpoint is looked at: with two choices of two the busier one would win a quarter of the time. */
const FULL_SCAN_LIMIT = 4
const DRAWS = 3

interface Now {
  readonly nowMs: number
  readonly random: Random
}

/** Undefined when no endpoint of the list may take the call. */
export function pickEndpoint(
  endpoints: readonly Endpoint[],
  mayTake: (endpoint: Endpoint) => boolean,
  now: Now,
): Endpoint | undefined {
  const inTurn = (endpoint: Endpoint): boolean => mayTake(endpoint) && isItsTurn(endpoint, now)
  return pick(endpoints, inTurn, now) ?? pick(endpoints, mayTake, now)
}

function isItsTurn(endpoint: Endpoint, { nowMs, random }: Now): boolean {
  const share = endpoint.slowStart(nowMs)
  return share >= 1 || random() < share
}

function pick(
  endpoints: readonly Endpoint[],
  mayTake: (endpoint: Endpoint) => boolean,
  now: Now,
): Endpoint | undefined {
  if (endpoints.length > FULL_SCAN_LIMIT) {
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const picked = cheaperOfTwo(endpoints, mayTake, now)
      if (picked !== undefined) return picked
    }
  }
  return cheapest(endpoints, mayTake, now)
}

function cheaperOfTwo(
  endpoints: readonly Endpoint[],
  mayTake: (endpoint: Endpoint) => boolean,
  { nowMs, random }: Now,
): Endpoint | undefined {
  const first = Math.floor(random() * endpoints.length)
  const step = 1 + Math.floor(random() * (endpoints.length - 1))
  const one = endpoints[first] as Endpoint
  const other = endpoints[(first + step) % endpoints.length] as Endpoint
  if (!mayTake(one)) return mayTake(other) ? other : undefined
  if (!mayTake(other)) return one
  return one.cost(nowMs) <= other.cost(nowMs) ? one : other
}

/** Equal costs are broken by chance, or the first of the list would take every first call. */
function cheapest(
  endpoints: readonly Endpoint[],
  mayTake: (endpoint: Endpoint) => boolean,
  { nowMs, random }: Now,
): Endpoint | undefined {
  let best: Endpoint | undefined
  let bestCost = Number.POSITIVE_INFINITY
  let offset = Math.floor(random() * endpoints.length)
  for (let index = 0; index < endpoints.length; index += 1, offset += 1) {
    const endpoint = endpoints[offset % endpoints.length] as Endpoint
    if (!mayTake(endpoint)) continue
    const cost = endpoint.cost(nowMs)
    if (cost < bestCost) {
      best = endpoint
      bestCost = cost
    }
  }
  return best
}
