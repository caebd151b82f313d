// The kinds of policy document, in one place. A kind that is listed but not read is refused by name, never skipped.
import { AssistantDocument } from './assistant.ts'
import { ClusterDocument } from './cluster.ts'
import { ToolDocument } from './tool.ts'
import { VirtualServerDocument } from './virtual-server.ts'

/** Kinds that this release reads, with the schema each is held to. */
export const KINDS = {
  Cluster: ClusterDocument,
  VirtualServer: VirtualServerDocument,
  Tool: ToolDocument,
  Assistant: AssistantDocument,
} as const
export type Kind = keyof typeof KINDS

/** Words that belong to the format but that this release does not read: a limit that is silently ignored is no limit. */
export const UNREAD_KINDS = [
  'Route',
  'Limit',
  'Budget',
  'Tenant',
  'Role',
  'Access',
  'Mesh',
] as const

export function isKind(word: unknown): word is Kind {
  return typeof word === 'string' && Object.hasOwn(KINDS, word)
}
