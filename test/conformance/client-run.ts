// One run of the suite as a tool server: a client before it, directly or through a router. Authorization is no part of it: the
// router has none of its own, and a client takes no metadata that names another address than the one it called.
import { join } from 'node:path'
import { clientScenarios, type Revision, runSuite, type Scenario } from './suite.ts'

export interface ClientRun {
  readonly way: 'direct' | 'through'
  readonly revision: Revision
}

export interface ClientRunResult {
  readonly isMet: boolean
  readonly scenarios: readonly Scenario[]
  readonly output: string
}

export async function clientRun({ way, revision }: ClientRun): Promise<ClientRunResult> {
  const names = (await clientScenarios(revision)).filter(name => !name.startsWith('auth/'))
  if (names.length === 0) throw new Error(`the suite names no client scenario for ${revision}`)
  const command = [process.execPath, join(import.meta.dirname, 'play.ts'), way].join(' ')
  const parts: ClientRunResult[] = []
  for (const name of names) {
    const words = ['client', '--command', command, '--scenario', name, '--spec-version', revision]
    const { code, scenarios, output } = await runSuite(words)
    const [scenario] = scenarios
    parts.push({ isMet: code === 0 && scenario !== undefined, scenarios, output })
  }
  return {
    isMet: parts.every(({ isMet }) => isMet),
    scenarios: parts.flatMap(({ scenarios }) => scenarios),
    output: parts.map(({ output }) => output).join('\n'),
  }
}
