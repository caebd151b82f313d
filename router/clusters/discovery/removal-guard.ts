// Decides what an answer that takes instances away may take. A catalogue that lost its data looks like a fleet that left, and an agent that
// stood still or is cut off like one of which all checks fail: neither is believed of a mass until the router's own checks agree.
import { type Instance, MOST_INSTANCES } from './instance.ts'
import { betweenSameEnds } from './same-ends.ts'

/** Held instances are released by failed checks; this bounds a fleet that is replaced again and again meanwhile. */
const MOST_HELD = MOST_INSTANCES

export interface Past {
  /** The source did not answer before, and may know only a part of the fleet again: any loss is held. */
  readonly wasAway?: boolean
  /** Most that were ready at once lately: a catalogue may lose a fleet answer by answer, too. */
  readonly most?: number
}

/**
 * The set to serve. Losses that leave at least half of the ready instances act at once; larger ones are held.
 * An instance that was draining or down has said good-bye already, as has one that somebody takes out: it is never held, and never counted.
 */
export function guardRemovals(
  last: readonly Instance[],
  next: readonly Instance[],
  { wasAway = false, most = 0 }: Past = {},
): readonly Instance[] {
  if (last.length === 0) return next
  const between = betweenSameEnds(last, next)
  const missing = new Map(between.last.map(instance => [instance.key, instance])) // bounded by the last set
  const failingBefore: Instance[] = []
  const failing: Instance[] = []
  for (const instance of between.next) {
    const before = missing.get(instance.key)
    missing.delete(instance.key)
    if (before === undefined || !isFailing(instance, before)) continue
    if (before.isHeld === true) failingBefore.push(instance)
    else if (isReady(before)) failing.push(instance)
  }
  const unnamed = [...missing.values()]
  if (unnamed.length + failingBefore.length + failing.length === 0) return next
  const addresses = new Set(next.map(addressOf))
  const absent = unnamed.filter(instance => !addresses.has(addressOf(instance)))
  const heldBefore = absent.filter(instance => instance.isHeld === true).map(unlisted)
  const leaving = absent.filter(isReady)
  const isMass =
    wasAway ||
    (leaving.length + failing.length) * 2 > last.filter(isReady).length ||
    next.filter(isReady).length * 2 < most
  const doubted = new Set(isMass ? [...failingBefore, ...failing] : failingBefore)
  const listed = doubted.size === 0 ? next : next.map(one => (doubted.has(one) ? hold(one) : one))
  const held = isMass ? [...heldBefore, ...leaving.map(hold)] : heldBefore
  return held.length === 0 ? listed : [...listed, ...held.slice(-MOST_HELD)]
}

const unlisted = ({ hasFailedCheck: _isListed, reason: _why, ...instance }: Instance): Instance =>
  instance

const isFailing = (now: Instance, before: Instance): boolean =>
  now.hasFailedCheck === true && addressOf(now) === addressOf(before)

/** Its own check failed, too: what is listed is what its source says of it, and what is not is gone. */
export const release = ({ isHeld: _was, ...instance }: Instance): Instance | undefined =>
  instance.hasFailedCheck === true ? { ...instance, state: 'down' } : undefined

export const isReady = (instance: Instance) =>
  instance.isHeld !== true && instance.state === 'ready'

const hold = (instance: Instance): Instance => ({ ...instance, state: 'ready', isHeld: true })

/** A newcomer at the same address replaces the held one: the address would be counted twice. */
const addressOf = (instance: Instance) => `${instance.host} ${instance.port}`
