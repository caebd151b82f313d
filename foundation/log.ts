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

/** ISO time; the part down to the second is written anew once a second. */
function isoTime(): () => string {
  let writtenS = 0
  let upToSecond = ''
  return () => {
    const nowMs = Date.now()
    const nowS = Math.floor(nowMs / 1_000)
    if (nowS !== writtenS) {
      writtenS = nowS
      upToSecond = `,"time":"${new Date(nowS * 1_000).toISOString().slice(0, -4)}`
    }
    return `${upToSecond}${String(nowMs - nowS * 1_000).padStart(3, '0')}Z"`
  }
}
