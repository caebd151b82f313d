// mcporter at its command line, a process for each question: what it prints of a tool server, in order.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askedProgram } from './asked-program.ts'
import { npmProgram } from './parts.ts'
import type { Caller, Script, Steps } from './script.ts'

/** Of one server: each costs a process. */
const MOST_CALLS = 3

export const MCPORTER: Caller = { name: 'mcporter', findsOut: false, isCostly: true, play }

async function play(url: string, script: Script): Promise<Steps> {
  const folder = mkdtempSync(join(tmpdir(), 'ringmain-mcporter-'))
  const config = join(folder, 'servers.json')
  writeFileSync(config, JSON.stringify({ mcpServers: { peer: { baseUrl: url } }, imports: [] }))
  const steps: (readonly [string, unknown])[] = []
  const ask = async (...words: readonly string[]): Promise<unknown> => {
    const all = ['--config', config, ...words]
    const { exit, said } = await askedProgram(npmProgram('mcporter'), all, { HOME: folder })
    const told = withoutTheWay(said)
    if (steps.length === 0 && exit !== 0) throw new Error(JSON.stringify(told))
    steps.push([words.join(' '), { exit, said: told }])
    return said
  }
  try {
    await ask('list', 'peer', '--json', '--schema')
    for (const [name, args] of script.calls.slice(0, MOST_CALLS))
      await ask('call', `peer.${name}`, '--args', JSON.stringify(args), '--output', 'json')
    if (script.reads > 0) {
      const listed = (await ask('resource', 'peer', '--json')) as Listed
      for (const { uri } of (listed.resources ?? []).slice(0, script.reads))
        await ask('resource', 'peer', uri, '--json')
    }
    return steps
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Listed {
  readonly resources?: readonly { readonly uri: string }[]
}

/** It says as well where it asked, and how long that took. */
function withoutTheWay(said: unknown): unknown {
  if (typeof said !== 'object' || said === null) return said
  const { durationMs, source, transport, ...rest } = said as Readonly<Record<string, unknown>>
  return durationMs === undefined && source === undefined && transport === undefined ? said : rest
}
