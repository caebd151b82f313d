// Runs stages in the order written, answers once, settles in reverse. The type grows with each stage.
import type { Outcome, Stage } from './stage.ts'

export interface Observer {
  /** A stage's release failed; the others still got theirs. */
  readonly settleFailed: (stage: string, error: unknown) => void
}

/** Writes the outcome to the caller. Sees answers, refusals and defects alike, with what is known by then. */
export type Respond<Answer, Start extends object, Known extends object> = (
  outcome: Outcome<Answer>,
  call: Readonly<Start & Partial<Known>>,
) => Promise<void> | void

export interface Builder<Answer, Start extends object, Known extends object> {
  stage<Adds extends object>(next: Stage<Answer, Known, Adds>): Builder<Answer, Start, Known & Adds>
  /** Closes the path: the turn between the way down and the way up. */
  respond(respond: Respond<Answer, Start, Known>): Path<Answer, Start>
}

export interface Path<Answer, Start extends object> {
  readonly stages: readonly string[]
  readonly run: (start: Start, observer: Observer) => Promise<Outcome<Answer>>
}

/** A stage whose needs the builder has already checked. */
type CheckedStage<Answer> = Stage<Answer, never, object>

export function path<Answer, Start extends object>(): Builder<Answer, Start, Start> {
  return grow<Answer, Start, Start>([])
}

function grow<Answer, Start extends object, Known extends object>(
  stages: ReadonlyArray<CheckedStage<Answer>>,
): Builder<Answer, Start, Known> {
  return {
    stage: <Adds extends object>(next: Stage<Answer, Known, Adds>) =>
      grow<Answer, Start, Known & Adds>([...stages, next as CheckedStage<Answer>]),
    respond: respond => ({
      stages: stages.map(stage => stage.name),
      run: (start, observer) =>
        run(stages, respond as Respond<Answer, Start, object>, start, observer),
    }),
  }
}

async function run<Answer, Start extends object>(
  stages: ReadonlyArray<CheckedStage<Answer>>,
  respond: Respond<Answer, Start, object>,
  start: Start,
  observer: Observer,
): Promise<Outcome<Answer>> {
  const call = { ...start } as Start & never
  let outcome: Outcome<Answer> | undefined
  let passed = 0
  for (const stage of stages) {
    try {
      const deciding = stage.decide(call)
      const verdict = deciding instanceof Promise ? await deciding : deciding // awaiting a plain value would cost a turn
      if (verdict.kind === 'answer') {
        outcome = { kind: 'answered', answer: verdict.answer, by: stage.name }
        break
      }
      if (verdict.kind === 'refuse') {
        outcome = { kind: 'refused', refusal: verdict.refusal, by: stage.name }
        break
      }
      Object.assign(call, verdict.facts)
      passed += 1
    } catch (error) {
      outcome = { kind: 'defect', error, at: stage.name }
      break
    }
  }
  outcome ??= { kind: 'defect', error: new Error('no stage answered'), at: 'end' }
  try {
    await respond(outcome, call)
  } catch (error) {
    outcome = { kind: 'defect', error, at: 'respond' }
  }
  for (let index = passed - 1; index >= 0; index -= 1) {
    const stage = stages[index] as CheckedStage<Answer>
    try {
      const settling = stage.settle?.(call, outcome)
      if (settling instanceof Promise) await settling
    } catch (error) {
      observer.settleFailed(stage.name, error) // one failed release must not keep the others from theirs
    }
  }
  return outcome
}
