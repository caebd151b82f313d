// The MCP Inspector at its command line, a process for each question: what it prints of a tool server, in order.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { peerProgram } from './installed.ts'
import type { Script } from './servers.ts'
import type { Steps } from './session.ts'

const LIMIT_MS = 30_000

/** It is told which era to speak: one that finds out speaks another to a router than to a server of the legacy era. */
type InspectorEra = 'legacy' | 'modern'

export const playInspector =
  (protocolEra: InspectorEra) =>
  async (url: string, script: Script): Promise<Steps> => {
    const folder = mkdtempSync(join(tmpdir(), 'ringmain-inspector-'))
    const config = join(folder, 'servers.json')
    const peer = { type: 'streamable-http', url, protocolEra }
    writeFileSync(config, JSON.stringify({ mcpServers: { peer } }))
    try {
      const steps: (readonly [string, unknown])[] = []
      const ask = async (method: string, ...words: readonly string[]): Promise<void> => {
        const gave = await asked(folder, ['--config', config, '--method', method, ...words])
        if (steps.length === 0 && gave.exit !== 0)
          throw new Error('it does not come to terms with the server')
        steps.push([[method, ...words].join(' '), gave])
      }
      await ask('tools/list')
      for (const [name, args] of script.calls.slice(0, MOST_CALLS)) {
        const pairs = Object.entries(args).flatMap(([key, value]) => [
          '--tool-arg',
          `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
        ])
        await ask('tools/call', '--tool-name', name, ...pairs)
      }
      if (script.reads > 0) await ask('resources/list')
      for (const [name, args] of script.prompts) {
        const pairs = Object.entries(args).flatMap(([key, value]) => [
          '--prompt-args',
          `${key}=${value}`,
        ])
        await ask('prompts/get', '--prompt-name', name, ...pairs)
      }
      return steps
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

/** Of one server: each costs a process. */
const MOST_CALLS = 6

/** What it printed as JSON, where it is that, and how it ended. */
async function asked(
  folder: string,
  words: readonly string[],
): Promise<{ readonly exit: number | null; readonly said: unknown }> {
  const child = spawn(
    peerProgram('mcp-inspector'),
    ['--cli', '--server', 'peer', '--format', 'json', ...words],
    {
      env: { ...process.env, HOME: folder, MCP_INSPECTOR_SECRET_STORE: 'memory' },
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: LIMIT_MS,
    },
  )
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const [exit] = (await once(child, 'close')) as [number | null]
  return { exit, said: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
