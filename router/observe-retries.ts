// What calls that did not end at their first replica leave behind: how often a call went elsewhere and why, and what kept it from it.
import type { Meter } from '@opentelemetry/api'
import type { Trail } from './facts.ts'

/** Adds what one call did; most have nothing to add. */
export function observeRetries(meter: Meter): (trail: Trail) => void {
  const elsewhere = meter.createCounter('ringmain.retries', {
    description:
      'Times a call went to another replica: it was not sent, the replica refused it unexecuted, or no answer came and it may run twice.',
  })
  const denied = meter.createCounter('ringmain.retries.denied', {
    description: 'Calls that could have gone to another replica, and why they did not.',
  })
  const hedged = meter.createCounter('ringmain.hedges', {
    description: 'Calls that were tried at a second replica as well, and which of both answered.',
  })
  return ({ attempts, cluster = '', retries = 0, retryReason, retryDenied, ...trail }) => {
    const ofCluster = { 'ringmain.cluster': cluster }
    const { hedged: answered } = trail
    const failovers = attempts - 1 - retries - (answered === undefined ? 0 : 1)
    if (answered !== undefined) hedged.add(1, { ...ofCluster, answered })
    if (failovers > 0) elsewhere.add(failovers, { ...ofCluster, reason: 'not_sent' })
    if (retryReason !== undefined) elsewhere.add(retries, { ...ofCluster, reason: retryReason })
    if (retryDenied !== undefined) denied.add(1, { ...ofCluster, reason: retryDenied })
  }
}

const NONE = Object.freeze({})

/** For the access line: nothing of a call whose only attempt was answered. */
export const retryFields = (trail: Trail): Readonly<Record<string, unknown>> =>
  trail.attempts > 1 || trail.retryDenied !== undefined
    ? {
        'ringmain.verdict': trail.verdict,
        'ringmain.retries': trail.retries,
        'ringmain.retry_reason': trail.retryReason,
        'ringmain.retry_denied': trail.retryDenied,
        'ringmain.hedged': trail.hedged,
      }
    : NONE
