// Which replica takes the next call. One is drawn by its share and takes it, unless another would be cheaper even with this
// call than the first is without: of all where there are few, of one more that is drawn where there are many. By cost alone
// the heaviest would take every call of an idle cluster, and who answered a millisecond faster the rest. Now and then who was
// drawn takes it all the same, if nothing was heard of it for some time.
import type { Random } from '#foundation/clock.ts'
import type { Endpoint } from '../endpoint.ts'
import type { MayTake, Shares } from './shares.ts'

/** Up to here every endpoint is looked at: with two choices of two the busier one would win a quarter of the time. */
const FULL_SCAN_LIMIT = 4
const DRAWS = 3

export interface Now {
  readonly nowMs: number
  readonly random: Random
}

/** Undefined when no endpoint of the pool may take the call. */
export function pickEndpoint(shares: Shares, mayTake: MayTake, now: Now): Endpoint | undefined {
  shares.countChoice()
  if (shares.length > FULL_SCAN_LIMIT) {
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const picked = pickOfTwo(shares, mayTake, now)
      if (picked !== undefined) return picked
      shares.hasMissed = true
    }
  }
  return pickOfAll(shares, mayTake, now)
}

function pickOfTwo(shares: Shares, mayTake: MayTake, now: Now): Endpoint | undefined {
  const { nowMs, random } = now
  const first = shares.draw(random())
  const second = shares.drawOther(first, random())
  const one = shares.at(first)
  const other = shares.at(second)
  if (!mayTake(one)) return mayTake(other) ? other : undefined
  if (!mayTake(other)) return one
  if (shares.costAt(first, nowMs, 0) <= shares.costAt(second, nowMs, 1)) return one
  return shares.looksAgainAt(first, nowMs) ? one : other
}

function pickOfAll(shares: Shares, mayTake: MayTake, { nowMs, random }: Now): Endpoint | undefined {
  if (shares.length === 0) return undefined
  let first = shares.draw(random())
  if (!mayTake(shares.at(first))) first = drawAble(shares, mayTake, random)
  if (first < 0) return undefined
  let best = first
  let bestCost = shares.costAt(first, nowMs, 0)
  for (let index = 0; index < shares.length; index += 1) {
    if (index === first || !mayTake(shares.at(index))) continue
    const cost = shares.costAt(index, nowMs, 1)
    if (cost >= bestCost) continue
    best = index
    bestCost = cost
  }
  if (best !== first && shares.looksAgainAt(first, nowMs)) best = first
  return shares.at(best)
}

/** By share among those that may take the call; -1 when none may. */
function drawAble(shares: Shares, mayTake: MayTake, random: Random): number {
  let sum = 0
  for (let index = 0; index < shares.length; index += 1)
    if (mayTake(shares.at(index))) sum += shares.shareAt(index)
  let point = random() * sum
  let drawn = -1
  for (let index = 0; index < shares.length && point >= 0; index += 1) {
    if (!mayTake(shares.at(index))) continue
    drawn = index
    point -= shares.shareAt(index)
  }
  return drawn
}
