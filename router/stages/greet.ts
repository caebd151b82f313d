// Handshakes are the router's own to answer: it is the server that the caller sees.
import type { Arrived, Decoded, Located, McpAnswer } from '#router/facts.ts'
import { answer, type Refusal, refuse, type Stage } from '#router/pipeline/stage.ts'

export interface Handshakes {
  /** `server/discover`: what is offered. */
  readonly discover: (call: Readonly<Decoded & Located>) => { readonly resultJson: string }
  /** `initialize`: opens what the replicas need, and seals it into a session id. */
  readonly initialize: (
    call: Readonly<Arrived & Decoded & Located>,
  ) => Promise<
    { readonly resultJson: string; readonly sessionToken: string } | { readonly refusal: Refusal }
  >
  /** Ends a session whose id nobody will ever hold. */
  readonly forsake: (sessionToken: string) => void
}

export const greet = (port: Handshakes): Stage<McpAnswer, Arrived & Decoded & Located> => ({
  name: 'greet',
  decide: async call => {
    if (call.message.method === 'server/discover')
      return answer({ kind: 'result', ...port.discover(call) })
    if (call.message.method === 'ping') return answer({ kind: 'result', resultJson: '{}' })
    const opened = await port.initialize(call)
    if ('refusal' in opened) return { kind: 'refuse', refusal: opened.refusal }
    if (call.caller.isGone) {
      port.forsake(opened.sessionToken)
      return refuse('RINGMAIN_NO_HEALTHY_REPLICA', { detail: 'the caller left meanwhile' }) // nobody reads it
    }
    return answer({ kind: 'result', ...opened })
  },
})
