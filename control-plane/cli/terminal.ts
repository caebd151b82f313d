// Where a command writes: data to stdout, talk to stderr, so that a pipe carries data only.
import { styleText } from 'node:util'

export type OutputForm = 'table' | 'wide' | 'json'

type Style = Parameters<typeof styleText>[0]

export interface Terminal {
  /** A line of data. */
  readonly print: (text: string) => void
  /** A line of talk. */
  readonly say: (text: string) => void
  /** Columns that a table may take. */
  readonly width: number
  readonly isInteractive: boolean
  /** Colours text that is printed; plain where nobody would see it. */
  readonly paint: (style: Style, text: string) => string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Width when stdout is a pipe: a table must survive `| cat`. */
const PIPE_WIDTH = 100
const LEAST_WIDTH = 40

export function openTerminal(argv: readonly string[]): Terminal {
  const { stdout, env } = process
  // `ringmain … | head` closes the pipe early: that is the reader's choice and no fault.
  for (const stream of [stdout, process.stderr]) stream.on('error', ignoreClosedPipe)
  const isColoured = stdout.isTTY && !env['NO_COLOR'] && !argv.includes('--no-color')
  return {
    print: text => void stdout.write(`${text}\n`),
    say: text => void process.stderr.write(`${text}\n`),
    width: Math.max(LEAST_WIDTH, stdout.isTTY ? stdout.columns || PIPE_WIDTH : PIPE_WIDTH),
    isInteractive: stdout.isTTY ? process.stderr.isTTY : false,
    paint: (style, text) => (isColoured ? styleText(style, text, { validateStream: false }) : text),
    env,
  }
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
