// The `ringmain` command: runs one command and turns whatever comes of it into an exit code and a readable error.
import { type Command, CommanderError } from 'commander'
import {
  EXIT,
  Failure,
  type FailureParts,
  failureAsJson,
  failureAsText,
  reasonOf,
} from './failure.ts'
import { buildProgram } from './program.ts'
import { openTerminal, type Terminal } from './terminal.ts'

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = EXIT.done
  const program = buildProgram(terminal, code => {
    exitCode = code
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done
    if (error instanceof CommanderError && error.code === 'commander.help') {
      terminal.say(meantBy(program, argv).helpInformation().trimEnd())
      return EXIT.usage
    }
    if (terminal.env['RINGMAIN_DEBUG'] && error instanceof Error) terminal.say(error.stack ?? '')
    const { code, parts } = explain(error, meantBy(program, argv))
    terminal.say(wantsJson(argv) ? failureAsJson(parts) : failureAsText(parts))
    return code
  }
}

function explain(
  error: unknown,
  command: Command,
): { readonly code: number; readonly parts: FailureParts } {
  if (error instanceof Failure) return { code: error.exitCode, parts: error.parts }
  if (error instanceof CommanderError)
    return { code: EXIT.usage, parts: usageParts(error, command) }
  return {
    code: EXIT.failed,
    parts: {
      code: 'defect',
      what: `${nameOf(command)} failed unexpectedly`,
      why: reasonOf(error),
      next: 'this is a fault of ours; RINGMAIN_DEBUG=1 shows where it happened',
    },
  }
}

/** Commander's own sentence, with its suggestion as the next step. */
function usageParts(error: CommanderError, command: Command): FailureParts {
  const [sentence = '', ...more] = error.message.replace(/^error: /, '').split('\n')
  const suggestion = more.join(' ').replace(/^\(|\)$/g, '')
  const help = `npx ${nameOf(command)} --help`
  return {
    code: 'usage',
    what: sentence,
    next: suggestion === '' ? help : `${suggestion} (${help})`,
  }
}

/** The command that the words name, as far as they name one. */
function meantBy(program: Command, argv: readonly string[]): Command {
  let meant = program
  for (const word of argv) {
    const next = meant.commands.find(command => command.name() === word)
    if (next !== undefined) meant = next
    else if (!word.startsWith('-')) break
  }
  return meant
}

const nameOf = (command: Command): string =>
  command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`

function wantsJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, index) =>
      word === '-ojson' ||
      word === '--output=json' ||
      (word === 'json' && (argv[index - 1] === '-o' || argv[index - 1] === '--output')),
  )
}

const argv = process.argv.slice(2)
const terminal = openTerminal(argv)
process.exitCode = await run(argv, terminal)
