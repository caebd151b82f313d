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

/** What a builder has gathered; read by `fork` alone. */
export interface Grown<Answer> {
  readonly grown: ReadonlyArray<CheckedStage<Answer>>
}

export interface Builder<Answer, Start extends object, Known extends object> extends Grown<Answer> {
  stage<Adds extends object>(next: Stage<Answer, Known, Adds>): Builder<Answer, Start, Known & Adds>
  /** Ends the common part: each call goes on down the list that `choose` names. */
  fork<Name extends string>(
    choose: (call: Readonly<Known>) => Name,
    lists: Readonly<Record<Name, (rest: Builder<Answer, Start, Known>) => Grown<Answer>>>,
  ): Forked<Answer, Start, Known>
  /** Closes the path: the turn between the way down and the way up. */
  respond(respond: Respond<Answer, Start, Known>): Path<Answer, Start>
}

export interface Forked<Answer, Start extends object, Known extends object> {
  respond(respond: Respond<Answer, Start, Known>): Path<Answer, Start>
}

export interface Path<Answer, Start extends object> {
  /** Names in order; the stages of a fork's lists as `list: stage`. */
  readonly stages: readonly string[]
  readonly run: (start: Start, observer: Observer) => Promise<Outcome<Answer>>
}

/** A stage whose needs the builder has already checked. */
type CheckedStage<Answer> = Stage<Answer, never, object>

interface Plan<Answer> {
  readonly common: ReadonlyArray<CheckedStage<Answer>>
  readonly fork?: {
    readonly choose: (call: never) => string
    readonly lists: Readonly<Record<string, ReadonlyArray<CheckedStage<Answer>>>>
  }
}

export function path<Answer, Start extends object>(): Builder<Answer, Start, Start> {
  return grow<Answer, Start, Start>([])
}

function grow<Answer, Start extends object, Known extends object>(
  stages: ReadonlyArray<CheckedStage<Answer>>,
): Builder<Answer, Start, Known> {
  return {
    grown: stages,
    stage: <Adds extends object>(next: Stage<Answer, Known, Adds>) =>
      grow<Answer, Start, Known & Adds>([...stages, next]),
    fork: (choose, lists) => {
      const grown: Record<string, ReadonlyArray<CheckedStage<Answer>>> = {}
      for (const [name, list] of Object.entries<(typeof lists)[keyof typeof lists]>(lists)) {
        grown[name] = list(grow<Answer, Start, Known>([])).grown
      }
      const plan: Plan<Answer> = {
        common: stages,
        fork: { choose, lists: grown },
      }
      return { respond: respond => close(plan, respond as Respond<Answer, Start, object>) }
    },
    respond: respond => close({ common: stages }, respond as Respond<Answer, Start, object>),
  }
}

function close<Answer, Start extends object>(
  plan: Plan<Answer>,
  respond: Respond<Answer, Start, object>,
): Path<Answer, Start> {
  const forked = Object.entries(plan.fork?.lists ?? {}).flatMap(([name, stages]) =>
    stages.map(stage => `${name}: ${stage.name}`),
  )
  return {
    stages: [...plan.common.map(stage => stage.name), ...forked],
    run: (start, observer) => run(plan, respond, start, observer),
  }
}

async function run<Answer, Start extends object>(
  plan: Plan<Answer>,
  respond: Respond<Answer, Start, object>,
  start: Start,
  observer: Observer,
): Promise<Outcome<Answer>> {
  const call = { ...start } as never // it grows with each stage; the builder has checked who may read what
  const passed: Array<CheckedStage<Answer>> = []
  let outcome = await decideAll(plan, call, passed)
  try {
    const responding = respond(outcome, call)
    if (responding instanceof Promise) await responding
  } catch (error) {
    outcome = { kind: 'defect', error, at: 'respond' }
  }
  for (const stage of passed.reverse()) {
    try {
      const settling = stage.settle?.(call, outcome)
      if (settling instanceof Promise) await settling
    } catch (error) {
      observer.settleFailed(stage.name, error) // one failed release must not keep the others from theirs
    }
  }
  return outcome
}

async function decideAll<Answer>(
  plan: Plan<Answer>,
  call: never,
  passed: Array<CheckedStage<Answer>>,
): Promise<Outcome<Answer>> {
  let at = 'fork'
  try {
    for (
      let list: ReadonlyArray<CheckedStage<Answer>> | undefined = plan.common;
      list !== undefined;
    ) {
      for (const stage of list) {
        at = stage.name
        const deciding = stage.decide(call)
        const verdict = deciding instanceof Promise ? await deciding : deciding // awaiting a plain value would cost a turn
        if (verdict.kind === 'answer')
          return { kind: 'answered', answer: verdict.answer, by: stage.name }
        if (verdict.kind === 'refuse')
          return { kind: 'refused', refusal: verdict.refusal, by: stage.name }
        Object.assign(call, verdict.facts)
        passed.push(stage)
      }
      at = 'fork'
      list =
        list === plan.common && plan.fork !== undefined
          ? plan.fork.lists[plan.fork.choose(call)]
          : undefined
    }
  } catch (error) {
    return { kind: 'defect', error, at }
  }
  return { kind: 'defect', error: new Error('no stage answered'), at: 'end' }
}
