// A session that was used before may be gone at its server meanwhile, by a restart or by its age. The server then answers 404 and has run
// nothing (2025-11-25, Session Management), so the call goes there once more, in a new session.
import type { Lent, Replica } from './choose-replica.ts'
import { dispatch, type Shot } from './dispatch.ts'
import type { Attempt, Caller } from './facts.ts'
import { forgoPlace } from './kept-place.ts'
import type { ParkingPorts } from './park-at.ts'
import { forgoUse } from './session-use.ts'
import type { Dispatched, Forwardable } from './stages/forward.ts'

export function renewed(
  ports: ParkingPorts,
  call: Readonly<Forwardable>,
  shot: Omit<Shot, 'idJson'>,
): Dispatched {
  const first = dispatch(ports, call, shot)
  const { renew } = shot.replica.own ?? {}
  if (renew === undefined) return first
  const idJson = first.upstreamIdJson // whoever reads the answer knows this one
  return orAnew(first, renew, replica => dispatch(ports, call, { replica, isRetry: true, idJson }))
}

function orAnew(
  first: Dispatched,
  renew: Required<Lent>['renew'],
  again: (replica: Replica) => Dispatched,
): Dispatched {
  let current = first
  let leave: (() => void) | undefined
  let ending: 'abandon' | 'expire' | undefined
  const end = (how: 'abandon' | 'expire') => (): void => {
    ending ??= how
    leave?.()
    current[how]()
  }
  const caller: Pick<Caller, 'onGone'> = {
    onGone: listener => {
      leave = listener
      if (ending !== undefined) listener()
    },
  }
  const attempt = async (): Promise<Attempt> => {
    const head = await first.attempt
    if (head.kind !== 'answered' || head.status !== 404 || ending !== undefined) return head
    head.body.abort()
    first.ended({ ended: 'whole' })
    const replica = await renew(caller)
    if (replica === undefined) return ending === 'abandon' ? LEFT : UNOPENED
    if (ending !== undefined) {
      forgoUse(replica)
      forgoPlace(replica)
      return ending === 'abandon' ? LEFT : UNOPENED
    }
    current = again(replica)
    return current.attempt
  }
  const { carry, park } = first
  return {
    ...first,
    attempt: attempt(),
    abandon: end('abandon'),
    expire: end('expire'),
    ended: after => current.ended(after),
    ...(carry === undefined ? {} : { carry: json => (current.carry ?? carry)(json) }),
    ...(park === undefined ? {} : { park: waiting => (current.park ?? park)(waiting) }),
  }
}

const LEFT: Attempt = Object.freeze({ kind: 'abandoned' })
const UNOPENED: Attempt = Object.freeze({
  kind: 'not_sent',
  detail: 'its session is gone, and no other was opened',
  isNobodyThere: false,
})
