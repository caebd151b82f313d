// Rules that a schema cannot say. A rule runs only where everything it reads is sound: one slip must not be reported twice,
// and must not hide the findings elsewhere in the document.
import type { Path, Severity } from './problems.ts'

export interface Finding {
  readonly path: Path
  readonly says: string
  readonly at?: 'key' | 'value'
  readonly severity?: Severity
}

/** Whether the document itself says something at the path; else what stands there is a default. */
export type Written = (path: Path) => boolean

export interface FieldRule<Shape> {
  /** The part of the document that must be free of breaches for the rule to make sense. */
  readonly reads: Path
  readonly check: (document: Shape, isWritten: Written) => readonly Finding[]
}

/** Whether no breach lies at, above or below the path. */
export function isSound(path: Path, breaches: readonly { readonly path: Path }[]): boolean {
  return !breaches.some(breach => {
    const common = Math.min(breach.path.length, path.length)
    return path.slice(0, common).every((step, index) => step === breach.path[index])
  })
}

/** A document as its schema has it. */
export interface Ruled {
  readonly value: unknown
  readonly breaches: readonly { readonly path: Path }[]
  readonly isWritten: Written
}

/** Breaches of the schema are given; what comes back are the findings of every rule that can run. */
export function applyRules<Shape>(
  rules: readonly FieldRule<Shape>[],
  { value, breaches, isWritten }: Ruled,
): Finding[] {
  return rules.flatMap(rule =>
    isSound(rule.reads, breaches) ? rule.check(value as Shape, isWritten) : [],
  )
}
