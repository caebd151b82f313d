// The process log: one JSON line an event, on standard error, so that standard output stays for data.
import { type Logger, type LoggerOptions, pino } from 'pino'

export type Log = Logger

export interface Logs {
  readonly log: Log
  /** For the line of each call, whose fields are listed in one place and hold no secret: it does without the search for them. */
  readonly access: Log
  readonly flush: () => void
  /** Lines lost so far, because whoever reads the log did not keep up. */
  readonly dropped: () => number
}

/**
 * Written by another thread in few large pieces: waking it costs more than a line does, and a reader that stalls
 * must not stall the calls.
 */
const BUFFERED = { fd: 2, sync: false, minLength: 32_768, maxWrite: 65_536, periodicFlush: 250 }
/** Most bytes that wait for a reader; what comes on top is lost, since memory is not the log's to fill. */
const MOST_WAITING = 16_777_216

/** Buffered: a line costs microseconds. `flush` before the process ends. */
export function createLogs(level: string, service: string, mostWaiting = MOST_WAITING): Logs {
  const destination = pino.destination({ ...BUFFERED, maxLength: mostWaiting })
  const options: LoggerOptions = {
    level,
    base: { 'service.name': service },
    timestamp: isoTime(),
    formatters: { level: label => ({ level: label }) },
  }
  const redact = ['authorization', '*.authorization', 'cookie', '*.cookie', 'token', '*.token']
  const log = pino({ ...options, redact }, destination)
  return {
    log,
    access: pino(options, destination),
    flush: () => destination.flushSync(),
    dropped: countDropped(destination, log),
  }
}

/** Counts what is lost, and says so in the log itself as soon as it is read again: once for each time it stalled. */
function countDropped(destination: ReturnType<typeof pino.destination>, log: Log): () => number {
  let dropped = 0
  let told = 0
  destination.on('drop', () => {
    dropped += 1
  })
  // Comes when all that waited has been written, so the line has room.
  destination.on('drain', () => {
    if (dropped === told) return
    const count = dropped - told
    told = dropped
    log.warn({ event: 'log.dropped', count }, 'lines were lost: the log was not read fast enough')
  })
  return () => dropped
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
