// Puts in the place of a caller's name for something what its owner calls it, where it stands in the caller's own bytes.
import type { Message, Span } from '#router/facts.ts'
import { subjectOf } from '#router/methods.ts'
import { eachMember, isObjectAt } from './json-spans.ts'

/** Undefined where nothing changes. */
export function renaming(
  message: Message,
  ownName: string | undefined,
): { readonly span: Span; readonly by: string } | undefined {
  const subject = ownName === undefined ? undefined : subjectOf(message)
  if (subject === undefined || subject.name === ownName) return undefined
  const span = spanAt(message, subject.path)
  return span && { span, by: JSON.stringify(ownName) }
}

function spanAt({ body, spans }: Message, path: readonly string[]): Span | undefined {
  if (path.length === 1 && path[0] === 'name') return spans.name // found already, by the guard
  let span = spans.params
  for (const key of path) {
    if (span === undefined || !isObjectAt(body, span.start)) return undefined
    let found: Span | undefined
    eachMember(body, span.start, (name, value) => {
      if (name === key) found = value // once: the guard lets no key stand twice
    })
    span = found
  }
  return span
}
