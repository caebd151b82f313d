// Whether two things that discovery says of a replica are the same. Every field of an instance must be named here: one that
// is not would change without being published.
import type { Instance } from './instance.ts'

export function isSameInstance(one: Instance, other: Instance): boolean {
  if (one === other) return true
  return (
    one.key === other.key &&
    one.host === other.host &&
    one.port === other.port &&
    one.weight === other.weight &&
    one.state === other.state &&
    one.reason === other.reason &&
    one.hasFailedCheck === other.hasFailedCheck &&
    one.zone === other.zone &&
    one.region === other.region &&
    one.node === other.node &&
    one.datacenter === other.datacenter &&
    one.concurrency === other.concurrency &&
    (one.path ?? '') === (other.path ?? '') &&
    (one.tls ?? false) === (other.tls ?? false) &&
    (one.isHeld ?? false) === (other.isHeld ?? false) &&
    areSameTexts(one.eras, other.eras) &&
    areSameClaims(one.claims, other.claims)
  )
}

/** In the same order. */
export const areSameInstances = (one: readonly Instance[], other: readonly Instance[]): boolean =>
  one === other ||
  (one.length === other.length &&
    one.every((instance, place) => isSameInstance(instance, other[place] as Instance)))

const areSameTexts = (one: readonly string[] = [], other: readonly string[] = []): boolean =>
  one.length === other.length && one.every((text, place) => text === other[place])

function areSameClaims(one: Instance['claims'] = {}, other: Instance['claims'] = {}): boolean {
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length && names.every(name => one[name] === other[name])
  )
}
