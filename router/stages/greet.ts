// Handshakes are the router's own to answer: it is the server that the caller sees.
import type { Arrived, Decoded, Located, McpAnswer } from '#router/facts.ts'
import { answer, type Refusal, refuse, type Stage, type Verdict } from '#router/pipeline/stage.ts'

export interface Handshakes {
  /** `server/discover`: what is offered. */
  readonly discover: (call: Readonly<Decoded & Located>) => { readonly resultJson: string }
  /** `initialize`: opens what the replicas need, and seals it into a session id. */
  readonly initialize: (
    call: Readonly<Arrived & Decoded & Located>,
  ) => Promise<
    { readonly resultJson: string; readonly sessionToken: string } | { readonly refusal: Refusal }
  >
  /** Tells every replica that holds a part of the session how much its caller wants to hear; why the session is over, if it is. */
  readonly setLevel: (
    call: Readonly<Decoded & Located>,
    level: string,
  ) => Promise<Refusal | undefined>
  /** Ends a session whose id nobody will ever hold. */
  readonly forsake: (sessionToken: string) => void
}

type Greeting = Readonly<Arrived & Decoded & Located>
type Greeted = Verdict<object, McpAnswer>

export const greet = (port: Handshakes): Stage<McpAnswer, Arrived & Decoded & Located> => ({
  name: 'greet',
  decide: call => (GREETINGS[call.message.method] as Greet)(port, call), // the table of methods sends no other here
})

type Greet = (port: Handshakes, call: Greeting) => Greeted | Promise<Greeted>

const GREETINGS: Readonly<Record<string, Greet>> = {
  ping: () => answer({ kind: 'result', resultJson: '{}' }),
  'server/discover': (port, call) => answer({ kind: 'result', ...port.discover(call) }),
  initialize: async (port, call) => {
    const opened = await port.initialize(call)
    if ('refusal' in opened) return { kind: 'refuse', refusal: opened.refusal }
    if (call.caller.isGone) {
      port.forsake(opened.sessionToken)
      return refuse('RINGMAIN_NO_HEALTHY_REPLICA', { detail: 'the caller left meanwhile' }) // nobody reads it
    }
    return answer({ kind: 'result', ...opened })
  },
  'logging/setLevel': async (port, call) => {
    const { level } = call.message.params
    if (typeof level !== 'string' || !LEVELS.includes(level))
      return refuse('RINGMAIN_INVALID_PARAMS', {
        says: `level must be one of ${LEVELS.join(', ')}.`,
      })
    const refusal = await port.setLevel(call, level)
    return refusal === undefined
      ? answer({ kind: 'result', resultJson: '{}' })
      : { kind: 'refuse', refusal }
  },
}

/** Of RFC 5424, as the specification has them (2025-11-25, logging, Log Levels). */
const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']
