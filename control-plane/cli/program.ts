// All commands and flags of `ringmain`. Each command's work is loaded only when it runs: the first line of
// `ringmain dev` must not wait for an MCP client that it does not use.
import { Argument, Command, Option } from 'commander'
import { LONGEST_DURATION_MS, parseDuration } from '#foundation/duration.ts'
import { usageFailure } from './failure.ts'
import { addOperations } from './operate-commands.ts'
import { outputOption, serverOption } from './options.ts'
import { packageVersion } from './repository.ts'
import { routerFlags } from './router-command.ts'
import type { OutputForm, Terminal } from './terminal.ts'

const DEFAULT_MCP_URL = 'http://127.0.0.1:7400/mcp'
const MCP_ENV = 'RINGMAIN_MCP'

/** What a command leaves behind: commander has no place for it. */
export type Settle = (exitCode: number) => void

export function buildProgram(terminal: Terminal, settle: Settle): Command {
  const program = new Command('ringmain')
    .description('A network-aware routing mesh for MCP traffic.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .option('--no-color', 'no colours, also where stdout is a terminal (NO_COLOR)')
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true })
    .exitOverride()
    .configureOutput({
      writeOut: text => terminal.print(text.trimEnd()),
      // Errors are printed by `main.ts`, in the shape that all failures have.
      writeErr: () => undefined,
      getOutHelpWidth: () => terminal.width,
      getOutHasColors: () => false,
    })
  addDev(program, terminal, settle)
  addRouter(program, terminal, settle)
  addStatus(program, terminal, settle)
  addClusters(program, terminal, settle)
  addOperations(program, terminal, settle)
  addCall(program, terminal, settle)
  addValidate(program, terminal, settle)
  program.addHelpText('after', AFTER_HELP)
  return program
}

const AFTER_HELP = `
Exit codes:
  0 done   1 ran and failed   3 not allowed   4 unreachable   6 documents invalid
  7 timed out   64 usage   130 interrupted   143 terminated
Data goes to stdout, talk to stderr. With -o json a failure is one JSON line on stderr.`

const stateOption = (): Option =>
  new Option('--state <DIR>', 'folder for all that it writes')
    .env('RINGMAIN_STATE')
    .default('.ringmain')

function addDev(program: Command, terminal: Terminal, settle: Settle): void {
  const dev = program
    .command('dev')
    .description('Start a demo mesh and a router in front of it; Ctrl-C ends everything.')
    .option('--consul', 'find replicas in a real Consul agent instead of a registry file')
    .addOption(
      new Option('--port <N>', 'port of the MCP listener; 0 picks a free one')
        .env('RINGMAIN_PORT')
        .default('7400'),
    )
    .addOption(
      new Option('--admin-port <N>', 'port of the admin listener; 0 picks a free one')
        .env('RINGMAIN_ADMIN_PORT')
        .default('7402'),
    )
    .addOption(stateOption())
    .action(async (options: DevFlags) => {
      const { runDev } = await import('./dev.ts')
      settle(await runDev({ ...options, consul: options.consul ?? false }, terminal))
    })
  // Their --state is the one of `dev`: commander gives a flag that both know to the outer command.
  dev
    .command('replica')
    .description('Start one replica of the running demo mesh again, at the place it had.')
    .argument('<NAME>', 'as the mesh calls it, for instance search-2')
    .action(async (name: string) => {
      const { runReplicaAgain } = await import('./dev-again.ts')
      settle(await runReplicaAgain(name, dev.opts<DevFlags>().state, terminal))
    })
  dev
    .command('consul')
    .description('Start the Consul agent of the running demo mesh again, at the ports it had.')
    .action(async () => {
      const { runConsulAgain } = await import('./dev-again.ts')
      settle(await runConsulAgain(dev.opts<DevFlags>().state, terminal))
    })
}

interface DevFlags {
  readonly consul?: true
  readonly port: string
  readonly adminPort: string
  readonly state: string
}

function addRouter(program: Command, terminal: Terminal, settle: Settle): void {
  const router = program
    .command('router')
    .description('Run the router alone on a folder of policy documents.')
  for (const { flags, says } of routerFlags) router.option(flags, says)
  router.action(async (options: Record<string, string | undefined>) => {
    const { runRouter } = await import('./router.ts')
    settle(await runRouter(options, terminal))
  })
}

function addStatus(program: Command, terminal: Terminal, settle: Settle): void {
  program
    .command('status')
    .description('Show on one screen whether the router serves, and what needs attention.')
    .addOption(serverOption())
    .addOption(outputOption(['table', 'json']))
    .action(async (options: { readonly server: string; readonly output: OutputForm }) => {
      const { runStatus } = await import('./status.ts')
      settle(await runStatus(options, terminal))
    })
}

function addClusters(program: Command, terminal: Terminal, settle: Settle): void {
  program
    .command('clusters')
    .description('Show every endpoint: its health, its load, and why it takes no calls.')
    .argument('[NAME]', 'only this cluster')
    .addOption(serverOption())
    .addOption(outputOption(['table', 'wide', 'json']))
    .action(
      async (
        name: string | undefined,
        options: { readonly server: string; readonly output: OutputForm },
      ) => {
        const { runClusters } = await import('./clusters.ts')
        settle(await runClusters({ ...options, ...(name === undefined ? {} : { name }) }, terminal))
      },
    )
}

function addCall(program: Command, terminal: Terminal, settle: Settle): void {
  program
    .command('call')
    .description('Call a tool through the router, as an assistant would.')
    .argument('[TOOL]', 'name of the tool, as --list shows it')
    .option('--list', 'list the tools instead')
    .option(
      '--arg <NAME=VALUE>',
      "one argument, read by the tool's schema; NAME:=JSON is taken as JSON; repeatable",
      (argument: string, before: readonly string[]) => [...before, argument],
      [],
    )
    .option('--json <FILE>', 'all arguments as one JSON object; - reads stdin')
    .addOption(
      new Option('--server-url <URL>', 'MCP endpoint').env(MCP_ENV).default(DEFAULT_MCP_URL),
    )
    .addOption(
      new Option('--era <ERA>', 'protocol era to speak')
        .choices(['auto', 'modern', 'legacy'])
        .default('auto'),
    )
    .option('--timeout <TIME>', 'how long the whole command may take', mustReadTimeout, 60_000)
    .addOption(outputOption(['table', 'wide', 'json']))
    .action(async (tool: string | undefined, flags: CallFlags) => {
      const { runCall } = await import('./call.ts')
      const options = {
        ...(tool === undefined ? {} : { tool }),
        ...(flags.json === undefined ? {} : { json: flags.json }),
        list: flags.list ?? false,
        arg: flags.arg,
        url: flags.serverUrl,
        era: flags.era,
        timeoutMs: flags.timeout,
        output: flags.output,
        version: packageVersion(),
      }
      settle(await runCall(options, terminal))
    })
}

interface CallFlags {
  readonly list?: true
  readonly arg: readonly string[]
  readonly json?: string
  readonly serverUrl: string
  readonly era: 'auto' | 'modern' | 'legacy'
  readonly timeout: number
  readonly output: OutputForm
}

function mustReadTimeout(text: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined && ms > 0 && ms <= LONGEST_DURATION_MS) return ms
  throw usageFailure(
    `--timeout must be a duration up to 24h, such as 500ms, 60s or 5m, got ${JSON.stringify(text)}`,
    '--timeout 60s',
  )
}

function addValidate(program: Command, terminal: Terminal, settle: Settle): void {
  program
    .command('validate')
    .description(
      'Check policy documents without a router; all problems at once, with file and line.',
    )
    .addArgument(new Argument('<FILES...>', 'files or folders; - reads stdin'))
    .addOption(outputOption(['table', 'json']))
    .action(async (files: readonly string[], options: { readonly output: OutputForm }) => {
      const { runValidate } = await import('./validate.ts')
      settle(await runValidate(files, options, terminal))
    })
}
