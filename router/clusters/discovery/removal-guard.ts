// Decides what an answer that removes instances may remove. A catalogue that lost its data looks like a fleet that left:
// a mass removal is not believed until the router's own checks agree.
import { type Instance, MOST_INSTANCES } from './instance.ts'
import { betweenSameEnds } from './same-ends.ts'

/** Held instances are released by failed checks; this bounds a fleet that is replaced again and again meanwhile. */
const MOST_HELD = MOST_INSTANCES

export interface Past {
  /** The source did not answer before, and may know only a part of the fleet again: any removal is held. */
  readonly wasAway?: boolean
  /** Most that were ready at once lately: a catalogue may lose a fleet answer by answer, too. */
  readonly most?: number
}

/**
 * The set to serve. Removals that leave at least half of the ready instances act at once; larger ones are held.
 * An instance that was draining or down has said good-bye already: it is never held, and never counted.
 */
export function guardRemovals(
  last: readonly Instance[],
  next: readonly Instance[],
  { wasAway = false, most = 0 }: Past = {},
): readonly Instance[] {
  if (last.length === 0) return next
  const between = betweenSameEnds(last, next)
  const missing = new Map(between.last.map(instance => [instance.key, instance])) // bounded by the last set
  for (const { key } of between.next) missing.delete(key)
  const unnamed = [...missing.values()]
  if (unnamed.length === 0) return next
  const addresses = new Set(next.map(addressOf))
  const absent = unnamed.filter(instance => !addresses.has(addressOf(instance)))
  const heldBefore = absent.filter(instance => instance.isHeld === true)
  const leaving = absent.filter(isReady)
  const isMass =
    wasAway ||
    leaving.length * 2 > last.filter(isReady).length ||
    next.filter(isReady).length * 2 < most
  const held = isMass ? [...heldBefore, ...leaving.map(hold)] : heldBefore
  return held.length === 0 ? next : [...next, ...held.slice(-MOST_HELD)]
}

export const isReady = (instance: Instance) =>
  instance.isHeld !== true && instance.state === 'ready'

const hold = (instance: Instance): Instance => ({ ...instance, isHeld: true })

/** A newcomer at the same address replaces the held one: the address would be counted twice. */
const addressOf = (instance: Instance) => `${instance.host} ${instance.port}`
