// The process log: one JSON line an event, on standard error, so that standard output stays for data.
import { type Logger, type LoggerOptions, pino } from 'pino'

export type Log = Logger

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const

export interface Logs {
  readonly log: Log
  /** For the line of each call, whose fields are listed in one place and hold no secret: it does without the search for them. */
  readonly access: Log
  readonly flush: () => void
}

/**
 * Written by another thread in few large pieces: waking it costs more than a line does, and a reader that stalls
 * must not stall the calls.
 */
const BUFFERED = { fd: 2, sync: false, minLength: 32_768, maxWrite: 65_536, periodicFlush: 250 }

/** Buffered: a line costs microseconds. `flush` before the process ends. */
export function createLogs(level: string, service: string): Logs {
  const destination = pino.destination(BUFFERED)
  const options: LoggerOptions = {
    level,
    base: { 'service.name': service },
    timestamp: isoTime(),
    formatters: { level: label => ({ level: label }) },
  }
  const redact = ['authorization', '*.authorization', 'cookie', '*.cookie', 'token', '*.token']
  return {
    log: pino({ ...options, redact }, destination),
    access: pino(options, destination),
    flush: () => destination.flushSync(),
  }
}

/** ISO time, written anew once a millisecond. */
function isoTime(): () => string {
  let writtenMs = 0
  let text = ''
  return () => {
    const nowMs = Date.now()
    if (nowMs !== writtenMs) {
      writtenMs = nowMs
      text = `,"time":"${new Date(nowMs).toISOString()}"`
    }
    return text
  }
}
