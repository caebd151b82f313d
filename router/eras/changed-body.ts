// The body for a replica: the caller's bytes, but for the id, the name of what is wanted, and what the replica's era wants said otherwise.
import type { Message } from '#router/facts.ts'
import type { Change } from './bridge/upward.ts'
import type { Upward } from './codec.ts'
import { splice } from './json-spans.ts'
import { renaming } from './renaming.ts'

export function changed(
  message: Message,
  to: Pick<Upward, 'idJson' | 'ownName'>,
  more: readonly Change[],
): Buffer {
  const { id } = message.spans
  const changes = [...more]
  if (id !== undefined && to.idJson !== message.idJson) changes.push({ span: id, by: to.idJson })
  const renamed = renaming(message, to.ownName)
  if (renamed !== undefined) changes.push(renamed)
  if (changes.length === 0) return message.body
  changes.sort((one, other) => one.span.start - other.span.start)
  return splice(message.body, changes)
}
