// The scenarios of the tasks extension. The suite plays them with the others and does not score them, since its own server has no tasks, and
// the everything server has none either; here they are played to one that has, and each counts.
import { startTasksServer } from '#test/support/tasks-server.ts'
import { routerBefore } from './router-before.ts'
import { runSuite, type Scenario } from './suite.ts'

const SCENARIOS = [
  'lifecycle',
  'capability-negotiation',
  'wire-fields',
  'request-state-removal',
  'mrtr-input',
  'mrtr-composition',
  'request-headers',
  'dispatch-and-envelope',
  'status-notifications', // the suite skips what it has of it
  'required-task-error',
] as const

export interface TasksRunResult {
  readonly isMet: boolean
  readonly scenarios: readonly Scenario[]
  readonly output: string
}

export async function tasksRun(way: 'direct' | 'through'): Promise<TasksRunResult> {
  const server = await startTasksServer()
  const router = way === 'through' ? await routerBefore(server.url) : undefined
  const { url } = router ?? server
  try {
    const runs = await Promise.all(
      SCENARIOS.map(name => {
        const words = ['--scenario', `tasks-${name}`, '--spec-version', '2026-07-28', '--force']
        return runSuite(['server', '--url', url, ...words])
      }),
    )
    return {
      isMet: runs.every(({ code, scenarios }) => code === 0 && scenarios.length === 1),
      scenarios: runs.flatMap(({ scenarios }) => scenarios),
      output: runs.map(({ output }) => output).join('\n'),
    }
  } finally {
    await router?.close()
    await server.close()
  }
}
