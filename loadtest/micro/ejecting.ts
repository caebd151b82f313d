// What the breaker of an endpoint costs a call, a fault among very many good answers, and an ejection with its state machine.
import { EndpointBreaker, type Verdict } from '#router/clusters/ejection/endpoint-breaker.ts'
import type { Work } from './batches.ts'

const BEFORE = 100_000
const NEVER = 4_000_000_000

export function ejectingWorks(): readonly Work[] {
  const warm = breaker(NEVER)
  for (let count = 0; count < BEFORE; count += 1) settle(warm, 'good')
  const frail = breaker(1)
  return [
    { name: 'breaker: a good answer', barNs: 30, run: () => settle(warm, 'good') },
    {
      name: 'breaker: a fault after 100,000',
      barNs: 30,
      run: () => settle(warm, 'fault'),
    },
    {
      name: 'breaker: an ejection and its end',
      barNs: 10_000,
      run: () => {
        settle(frail, 'fault')
        frail.reset()
      },
    },
  ]
}

/** Whatever its rate is: nothing but faults in a row ejects it. */
function breaker(consecutiveFaults: number): EndpointBreaker {
  return new EndpointBreaker(
    {
      consecutiveFaults,
      minSuccessRate: 0,
      windowMs: 10_000,
      baseMs: 1_000,
      maxMs: 60_000,
      maxEjected: 0.5,
    },
    {
      clock: { nowMs: () => 0, wallMs: () => 0 },
      random: () => 0,
      mayEject: () => true,
      onEjected: () => undefined,
      onHalfOpen: () => undefined,
      onRestored: () => undefined,
    },
    1_000,
  )
}

const settle = (one: EndpointBreaker, verdict: Verdict): void => one.settle(one.begin(), verdict, 0)
