// A relay with a caller and an upstream answer that the test plays, and what was asked of both.
import { type After, relayAnswer } from '#router/eras/relay.ts'
import type { AfterHead, Relay, Trail } from '#router/facts.ts'
import { isLateFault } from '#router/outcome.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import { answeredAs, type FakeBody, fakeBody } from './fake-body.ts'
import { type FakeCaller, fakeCaller } from './fake-caller.ts'
import { fakeDeadline } from './fake-deadline.ts'

const after: After = (ms, act) => {
  const timer = setTimeout(act, ms)
  return () => clearTimeout(timer)
}

export interface Relayed {
  readonly body: FakeBody
  readonly caller: FakeCaller
  readonly trail: Trail
  readonly abandoned: () => number
  /** How it was told to have ended; once, if all is well. */
  readonly ends: readonly AfterHead[]
  /** Faults among these. */
  readonly blamed: () => number
  readonly done: Promise<void>
}

export interface RelayScene extends Partial<Omit<Relay, 'body' | 'abandon' | 'ended'>> {
  readonly caller?: FakeCaller
  /** Bytes that are there before the relay begins. */
  readonly early?: (body: FakeBody) => void
}

/** Up under the id 7, down under "x", unless the test says otherwise. */
export function relayed({ caller = fakeCaller(), early, ...relay }: RelayScene = {}): Relayed {
  const body = fakeBody()
  const trail: Trail = { attempts: 1 }
  const ends: AfterHead[] = []
  let abandoned = 0
  const blamed = (): number => ends.filter(end => isLateFault(answeredAs(200), end)).length
  early?.(body)
  const done = relayAnswer(
    caller,
    {
      isStream: false,
      upstreamIdJson: '7',
      callerIdJson: '"x"',
      deadline: fakeDeadline().deadline,
      ...relay,
      body,
      abandon: () => {
        abandoned += 1
      },
      ended: after => void ends.push(after),
    },
    {
      trail,
      nowMs: () => 0,
      after,
      refusal: ({ code }: Refusal) => ({
        status: 200,
        headers: { by: 'router' },
        body: `<${code}>`,
      }),
      error: ({ errorJson }) => ({ status: 200, headers: { by: 'router' }, body: errorJson }),
      defect: () => ({ code: 'RINGMAIN_DEFECT' }),
    },
  )
  return { body, caller, trail, abandoned: () => abandoned, ends, blamed, done }
}

export const ANSWER = '{"jsonrpc":"2.0","id":7,"result":{}}'
export const SWAPPED = '{"jsonrpc":"2.0","id":"x","result":{}}'

/** Larger than what is kept back. */
export const largeAnswer = (id: string): string =>
  `{"jsonrpc":"2.0","id":${id},"result":{"x":"${'x'.repeat(70_000)}"}}`

/** One whose calls go nowhere. */
export const relayAs = (differences: Partial<Relay> = {}): Relay => ({
  isStream: false,
  body: fakeBody(),
  upstreamIdJson: '7',
  callerIdJson: '"x"',
  abandon: () => undefined,
  ended: () => undefined,
  deadline: fakeDeadline().deadline,
  ...differences,
})
