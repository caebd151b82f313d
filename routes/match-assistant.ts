// Which document knows a caller by what it says of itself. Anybody can say so: it chooses what is shown to whom, and never who may do what.
import type { AssistantPolicy, AssistantRules, Recognition } from './route-table.ts'

export interface Introduced {
  /** `clientInfo.name`. */
  readonly client?: string
  readonly userAgent?: string
}

export function assistantOf(
  rules: AssistantRules | undefined,
  { client, userAgent }: Introduced,
): AssistantPolicy | undefined {
  if (rules === undefined) return undefined
  return knownBy(rules.clients, client) ?? knownBy(rules.userAgents, userAgent)
}

function knownBy(
  { exact, beginnings }: Recognition,
  word: string | undefined,
): AssistantPolicy | undefined {
  if (word === undefined) return undefined
  if (Object.hasOwn(exact, word)) return exact[word]
  return beginnings.find(({ beginning }) => word.startsWith(beginning))?.policy
}
