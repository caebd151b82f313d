// Clients of other languages: a program of each plays the whole script and prints its steps.
import { askedProgram } from './asked-program.ts'
import { goProgram, pythonProgram } from './parts.ts'
import { type Caller, STEP_LIMIT_MS, type Steps } from './script.ts'

async function played(program: string, words: readonly string[], told: object): Promise<Steps> {
  const text = JSON.stringify({ ...told, limitMs: STEP_LIMIT_MS })
  const { exit, said, besides } = await askedProgram(program, [...words, text])
  if (exit !== 0) throw new Error(besides)
  const steps = said as Steps
  // A client that is pinned asks for nothing before the session, so that this is the first word of its server.
  const [, listed] = steps.find(([step]) => step === 'list tools') ?? []
  const { error } = (listed ?? {}) as { readonly error?: unknown }
  if (error !== undefined) throw new Error(`tools/list: ${JSON.stringify(error)}`)
  return steps
}

const ofPython = (name: string, mode: string): Caller => ({
  name: `Python SDK ${name}`,
  findsOut: mode === 'auto',
  play: (url, script) => {
    const [python, program] = pythonProgram('session.py')
    return played(python, [program], { url, mode, script })
  },
})

const ofGo = (name: string, mode: string): Caller => ({
  name: `Go SDK ${name}`,
  findsOut: mode === 'auto',
  play: (url, script) => played(goProgram('peer'), ['session'], { url, mode, script }),
})

export const PYTHON_CALLERS: readonly Caller[] = [
  ofPython('of the legacy era', 'legacy'),
  ofPython('that finds out', 'auto'),
  ofPython('pinned', '2026-07-28'),
]

export const GO_CALLERS: readonly Caller[] = [
  ofGo('of the legacy era', 'legacy'),
  ofGo('that finds out', 'auto'),
]
