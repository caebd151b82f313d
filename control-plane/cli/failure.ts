// How a command ends badly: an exit code that scripts can rely on, and what a person needs to go on.
// Thrown by commands and caught once, in `main.ts`; anything else that is thrown is a defect.

/** Exit codes never change their meaning: scripts branch on them. */
export const EXIT = {
  done: 0,
  failed: 1,
  needsAuth: 3,
  unreachable: 4,
  invalid: 6,
  timedOut: 7,
  usage: 64,
  interrupted: 130,
  terminated: 143,
} as const

export interface FailureParts {
  /** Stable word for scripts. */
  readonly code: string
  readonly what: string
  readonly where?: string
  readonly why?: string
  /** The command to type next, or what else to do. */
  readonly next?: string
}

export class Failure extends Error {
  readonly exitCode: number
  readonly parts: FailureParts

  constructor(exitCode: number, parts: FailureParts, cause?: unknown) {
    super(parts.what, { cause })
    this.exitCode = exitCode
    this.parts = parts
  }
}

export function usageFailure(what: string, next?: string): Failure {
  return new Failure(EXIT.usage, { code: 'usage', what, ...(next === undefined ? {} : { next }) })
}

/** One line for programs, with the members of a problem document. */
export function failureAsJson({ code, what, where, why, next }: FailureParts): string {
  const detail = [where, why].filter(part => part !== undefined).join(': ')
  return JSON.stringify({
    error: {
      code,
      title: what,
      ...(detail === '' ? {} : { detail }),
      ...(next === undefined ? {} : { hint: next }),
      docs: 'docs/reference/cli.md',
    },
  })
}

/** Lines for people: what failed, where, why, and what to do next. */
export function failureAsText({ what, where, why, next }: FailureParts): string {
  const lines = [`error: ${what}`]
  if (where !== undefined) lines.push(`  where  ${where}`)
  if (why !== undefined) lines.push(`  why    ${why}`)
  if (next !== undefined) lines.push(`  next   ${next}`)
  return lines.join('\n')
}

/** The sentence at the bottom of a chain of causes: wrappers say only that something failed. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause instanceof Error) return reasonOf(error.cause)
  // Several addresses were tried: each failed alike, and the outer message is empty.
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  return error.message === '' ? error.name : error.message
}

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
])

/** Whether nobody answered at the address, as opposed to an answer that says no. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = (error as NodeJS.ErrnoException).code
  if (typeof code === 'string' && UNREACHABLE.has(code)) return true
  if (error instanceof AggregateError) return error.errors.some(isUnreachable)
  return isUnreachable(error.cause)
}
