// `ringmain router`: the router alone, on anybody's documents. A wrapper: the router is a process of its own.
import { spawn } from 'node:child_process'
import { readRouterSettings } from '#foundation/settings.ts'
import { EXIT, Failure, usageFailure } from './failure.ts'
import { runInForeground } from './foreground.ts'
import { ROUTER_MAIN } from './repository.ts'
import { type FlagValues, routerEnvironment, routerFlags } from './router-command.ts'
import type { Terminal } from './terminal.ts'

export async function runRouter(values: FlagValues, terminal: Terminal): Promise<number> {
  const env = routerEnvironment(values, terminal.env)
  mustBeUsable(env)
  const child = spawn(process.execPath, [ROUTER_MAIN], {
    env,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: true,
  })
  return runInForeground(child)
}

/** Checked here as well as in the router, so that a slip costs no process and is named as it was typed. */
function mustBeUsable(env: Readonly<Record<string, string | undefined>>): void {
  if (!env['RINGMAIN_POLICIES']) {
    throw usageFailure(
      'the router needs a folder of policy documents: --policies DIR (or RINGMAIN_POLICIES)',
      'npx ringmain router --policies examples/expenses/policies',
    )
  }
  const read = readRouterSettings(env)
  if ('settings' in read) return
  const lines = read.problems.map(({ env: name, says }) => {
    const flag = routerFlags.find(({ setting }) => setting.env === name)
    return `${flag === undefined ? name : `--${flag.setting.flag} (${name})`}: ${says}`
  })
  throw new Failure(EXIT.usage, {
    code: 'usage',
    what: 'the router cannot start with these settings',
    why: lines.join('\n         '),
    next: 'npx ringmain router --help',
  })
}
