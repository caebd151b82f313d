// Which rule holds for a tool: its own name before a beginning, and a longer beginning before a shorter one.
import type { ToolPolicy, ToolRules } from './route-table.ts'

export function toolPolicyOf(rules: ToolRules | undefined, name: string): ToolPolicy | undefined {
  if (rules === undefined) return undefined
  if (Object.hasOwn(rules.exact, name)) return rules.exact[name]
  return rules.beginnings.find(({ beginning }) => name.startsWith(beginning))?.policy
}
