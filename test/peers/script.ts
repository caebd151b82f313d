// What a session does with one tool server, and what that comes to: the same for every client, in whichever language it is written.

type Args = Record<string, unknown>

export interface Script {
  readonly calls: readonly (readonly [tool: string, args: Args])[]
  /** Tools that ask their caller something, and what it fills in. */
  readonly asks: readonly (readonly [tool: string, args: Args, fills: Args])[]
  /** Of the resources that it lists, how many are read. */
  readonly reads: number
  readonly prompts: readonly (readonly [name: string, args: Record<string, string>])[]
  /** Prompt, argument and what was typed of it. */
  readonly completes: readonly (readonly [prompt: string, argument: string, typed: string])[]
}

export const LISTS_ONLY: Script = { calls: [], asks: [], reads: 0, prompts: [], completes: [] }

export type Steps = readonly (readonly [step: string, gave: unknown])[]

export interface Caller {
  readonly name: string
  /** It takes the era that it finds: with a legacy server it is a legacy caller, and a modern one with the router before that. */
  readonly findsOut: boolean
  /** It costs a process a question, and is played with some servers only. */
  readonly isCostly?: true
  readonly play: (url: string, script: Script) => Promise<Steps>
}

/** Of one step; the session ends with the first that says nothing. */
export const STEP_LIMIT_MS = 10_000
