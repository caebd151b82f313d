// What a run of the suite came to, as a table: a row a scenario, and under it every check that was not met.
import type { Scenario } from './suite.ts'

/** Of what the suite says of a check: it can be a whole answer. */
const LONGEST = 160

export function scenarioTable(scenarios: readonly Scenario[]): string {
  const width = Math.max(0, ...scenarios.map(({ name }) => name.length))
  return scenarios.map(scenario => rowsOf(scenario, width)).join('\n')
}

function rowsOf({ name, checks }: Scenario, width: number): string {
  const missed = checks.filter(({ isMet }) => !isMet)
  const count = `${checks.length - missed.length} of ${checks.length}`
  const row = `  ${missed.length === 0 ? 'ok  ' : 'MISS'}  ${name.padEnd(width)}  ${count}`
  return [row, ...missed.map(({ id, says }) => `          ${id}: ${short(says)}`)].join('\n')
}

const short = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line
}

export function counted(scenarios: readonly Scenario[]): string {
  const met = scenarios.filter(({ checks }) => checks.every(({ isMet }) => isMet)).length
  const checks = scenarios.flatMap(scenario => scenario.checks)
  return `${met} of ${scenarios.length} scenarios, ${checks.filter(({ isMet }) => isMet).length} of ${checks.length} checks`
}
