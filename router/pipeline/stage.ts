// What a stage is and what it may say. Knows nothing of MCP, HTTP or vendors.
import type { RefusalCode } from '#foundation/refusals.ts'

/** A decision of ours not to go on. Expected refusals are values; only defects throw. */
export interface Refusal {
  readonly code: RefusalCode
  /** Goes out to the caller after the catalogue's sentence. Never holds what an upstream said. */
  readonly says?: string
  /** Logged only. */
  readonly detail?: string
  /** Milliseconds after which the caller may try again. */
  readonly retryAfterMs?: number
  /** Extra members of the error's `data`, for codes whose data the specification defines. */
  readonly data?: Readonly<Record<string, unknown>>
}

/** A stage's decision about one call. */
export type Verdict<Adds extends object, Answer> =
  | { readonly kind: 'continue'; readonly facts: Adds }
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'refuse'; readonly refusal: Refusal }

/** What came of the call: handed to `respond`, then to every stage that let it pass. */
export type Outcome<Answer> =
  | { readonly kind: 'answered'; readonly answer: Answer; readonly by: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly by: string }
  | { readonly kind: 'defect'; readonly error: unknown; readonly at: string }

/**
 * One step of the path: what it needs known, what it makes known.
 * `decide` and `settle` are properties, not methods: methods are compared bivariantly,
 * and a stage placed before the fact it needs would compile.
 */
export interface Stage<Answer, Needs extends object, Adds extends object = object> {
  readonly name: string
  readonly decide: (call: Readonly<Needs>) => Verdict<Adds, Answer> | Promise<Verdict<Adds, Answer>>
  /** Runs once, last stage first, after the last byte has left; releases what `decide` took. */
  readonly settle?: (call: Readonly<Needs & Adds>, outcome: Outcome<Answer>) => void | Promise<void>
}

export const go = <Adds extends object>(facts: Adds): Verdict<Adds, never> => ({
  kind: 'continue',
  facts,
})

export const answer = <Answer>(value: Answer): Verdict<never, Answer> => ({
  kind: 'answer',
  answer: value,
})

export const refuse = (
  code: RefusalCode,
  more: Omit<Refusal, 'code'> = {},
): { readonly kind: 'refuse'; readonly refusal: Refusal } => ({
  kind: 'refuse',
  refusal: { code, ...more },
})
