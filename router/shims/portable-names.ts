// Names on the wire that one assistant does not take, as names that it does. Claude's apps show no tool of a server that has one name with a
// dot in it, and OpenAI's and Google's models take none (64 letters, digits, "_" and "-": modelcontextprotocol#1063, openai/codex#8174).
import { createHash } from 'node:crypto'
import type { VirtualServerMember, VirtualServerPolicy } from '#routes/route-table.ts'
import { isPortable, PORTABLE_LENGTH, wireName } from '#routes/wire-names.ts'

/** Of a digest, in characters: enough that no two names of one cluster become the same by chance. */
const DIGEST = 8
const MADE = /_[0-9a-f]{8}$/

/**
 * Undefined where no such name is made: the prefix, by which it is told whose it is, must stay; and under plain names of several clusters
 * one that anybody can work out beforehand could be another cluster's.
 */
export function portableName(
  { naming, members }: VirtualServerPolicy,
  member: VirtualServerMember,
  own: string,
): string | undefined {
  const wire = wireName(member, own)
  if (isPortable(wire)) return wire
  if (naming === 'plain' && members.length > 1) return undefined
  const beginning = wireName(member, '').length
  const room = PORTABLE_LENGTH - DIGEST - 1
  if (beginning >= room) return undefined
  const digest = createHash('sha256').update(own).digest('hex').slice(0, DIGEST)
  return `${wire.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, room)}_${digest}`
}

/** Whether it may be a name that was made here. */
export const mayBeMade = (wire: string): boolean => isPortable(wire) && MADE.test(wire)
