// The process log: one JSON line an event, on standard error, so that standard output stays for data.
import { type Logger, pino } from 'pino'

export type Log = Logger

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const

/** Buffered: a line costs microseconds. `flush` before the process ends. */
export function createLog(
  level: string,
  service: string,
): { readonly log: Log; readonly flush: () => void } {
  const destination = pino.destination({ fd: 2, sync: false, minLength: 4_096, periodicFlush: 250 })
  const log = pino(
    {
      level,
      base: { 'service.name': service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      redact: ['authorization', '*.authorization', 'cookie', '*.cookie', '*.token'],
    },
    destination,
  )
  return { log, flush: () => destination.flushSync() }
}
