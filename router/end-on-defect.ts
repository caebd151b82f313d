// The last resort: an error that nobody caught. What the process knows cannot be trusted after it, so it ends, and the
// log is written out first: Node alone would lose what waits in it, the reason included.
import type { Logs } from '#foundation/log.ts'

/** A rejection that nobody handles comes here too: Node makes an uncaught error of it. */
export function endOnDefect({ log, flush }: Pick<Logs, 'log' | 'flush'>): void {
  process.once('uncaughtException', (error, origin) => {
    log.fatal({ event: 'defect', at: origin, err: error }, 'ending: an error was caught nowhere')
    flush()
    process.exit(1)
  })
}
