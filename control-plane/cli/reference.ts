// The page on the command line, made from the commands themselves: what `--help` says and what the page says cannot differ.
import type { Command } from 'commander'
import { EXIT } from './failure.ts'
import { buildProgram } from './program.ts'
import type { Terminal } from './terminal.ts'

const MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: 'Done.',
  failed: 'Ran and failed: a call, a check, or a start.',
  needsAuth: 'Authentication or authorization is needed.',
  unreachable: 'The router or the MCP endpoint cannot be reached.',
  invalid: 'Policy documents are invalid.',
  timedOut: 'Timed out waiting.',
  usage: 'The command was typed wrongly.',
  interrupted: 'Interrupted (Ctrl-C), after a clean end.',
  terminated: 'Terminated (SIGTERM), after a clean end.',
}

const page: Terminal = {
  print: () => undefined,
  say: () => undefined,
  width: 100,
  isInteractive: false,
  paint: (_style, text) => text,
  env: {},
}

export function makeCliPage(): string {
  const program = buildProgram(page, () => undefined)
  return [
    '# Command line',
    '',
    'Generated from the commands themselves; change them and run `npm run gen`.',
    '',
    'In a checkout type `npx ringmain …`. Data goes to stdout and talk to stderr. Colours appear on a',
    'terminal only, and never with `NO_COLOR` or `--no-color`.',
    '',
    '## Exit codes',
    '',
    '| code | meaning |',
    '| --- | --- |',
    ...Object.entries(EXIT).map(
      ([name, code]) => `| ${code} | ${MEANINGS[name as keyof typeof EXIT]} |`,
    ),
    '',
    'With `-o json` data is a versioned envelope `{apiVersion, kind, items, meta}`, and a failure is one',
    'JSON line on stderr: `{"error":{"code","title","detail","hint","docs"}}`.',
    ...allCommands(program).flatMap(command => section(command)),
    '',
  ].join('\n')
}

function allCommands(command: Command): readonly Command[] {
  return command.commands.flatMap(child => [child, ...allCommands(child)])
}

function section(command: Command): readonly string[] {
  return ['', `## ${fullName(command)}`, '', '```', command.helpInformation().trimEnd(), '```']
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`
}
