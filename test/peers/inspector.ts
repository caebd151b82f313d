// The MCP Inspector at its command line, a process for each question: what it prints of a tool server, in order.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askedProgram } from './asked-program.ts'
import { npmProgram } from './parts.ts'
import type { Caller, Script, Steps } from './script.ts'

type InspectorEra = 'legacy' | 'auto' | 'modern'

/** Of one server: each costs a process. */
const MOST_CALLS = 3
const MOST_PROMPTS = 1

export const INSPECTORS: readonly Caller[] = (['legacy', 'auto', 'modern'] as const).map(era => ({
  name: `the Inspector, ${era}`,
  findsOut: era === 'auto',
  isCostly: true,
  play: (url, script) => playInspector(era, url, script),
}))

async function playInspector(
  protocolEra: InspectorEra,
  url: string,
  script: Script,
): Promise<Steps> {
  const folder = mkdtempSync(join(tmpdir(), 'ringmain-inspector-'))
  const config = join(folder, 'servers.json')
  const peer = { type: 'streamable-http', url, protocolEra }
  writeFileSync(config, JSON.stringify({ mcpServers: { peer } }))
  const common = ['--cli', '--server', 'peer', '--format', 'json', '--config', config]
  const env = { HOME: folder, MCP_INSPECTOR_SECRET_STORE: 'memory' }
  try {
    const steps: (readonly [string, unknown])[] = []
    for (const [method, ...words] of questions(script)) {
      const asked = [...common, '--method', method, ...words]
      const { exit, said } = await askedProgram(npmProgram('mcp-inspector'), asked, env)
      if (steps.length === 0 && exit !== 0)
        throw new Error('it does not come to terms with the server')
      steps.push([[method, ...words].join(' '), { exit, said }])
    }
    return steps
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

type Question = readonly [method: string, ...words: readonly string[]]

const questions = (script: Script): readonly Question[] => [
  ['tools/list'],
  ...script.calls
    .slice(0, MOST_CALLS)
    .map(
      ([name, args]): Question => ['tools/call', '--tool-name', name, ...pairs('--tool-arg', args)],
    ),
  ...(script.reads > 0 ? [['resources/list'] as const] : []),
  ...script.prompts
    .slice(0, MOST_PROMPTS)
    .map(
      ([name, args]): Question => [
        'prompts/get',
        '--prompt-name',
        name,
        ...pairs('--prompt-args', args),
      ],
    ),
]

const pairs = (flag: string, args: Readonly<Record<string, unknown>>): readonly string[] =>
  Object.entries(args).flatMap(([key, value]) => [
    flag,
    `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  ])
