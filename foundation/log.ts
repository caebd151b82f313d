// The process log: one JSON line an event, on standard error, so that standard output stays for data.
import { type Logger, type LoggerOptions, pino } from 'pino'

export type Log = Logger

/** Writes one line at level `info`, of one field at least. Its fields are listed in one place and hold no secret, so nothing is searched for one. */
export type WriteAccess = (fields: Readonly<Record<string, unknown>>) => void

export interface Logs {
  readonly log: Log
  /** The line of each call; undefined where the level leaves it out. */
  readonly access: WriteAccess | undefined
  readonly flush: () => void
  /** Lines lost so far, because whoever reads the log did not keep up. */
  readonly dropped: () => number
}

/** Written by another thread: a reader that stalls must not stall the calls. */
const DESTINATION = { sync: false, maxWrite: 65_536 }
/** Handed over in few large pieces: waking that thread, and its own account of what waits, cost more than a line does. */
const PIECE = 32_768
const LATEST_MS = 250
/** Most bytes that wait for a reader; what comes on top is lost, since memory is not the log's to fill. */
const MOST_WAITING = 16_777_216

/** Buffered: a line costs microseconds. `flush` before the process ends. */
export function createLogs(level: string, service: string, mostWaiting = MOST_WAITING): Logs {
  const { destination, lines } = linesTo(2, mostWaiting)
  const options: LoggerOptions = {
    level,
    base: { 'service.name': service },
    timestamp: isoTime(),
    formatters: { level: label => ({ level: label }) },
  }
  const redact = ['authorization', '*.authorization', 'cookie', '*.cookie', 'token', '*.token']
  const log = pino({ ...options, redact }, lines)
  return {
    log,
    access: log.isLevelEnabled('info') ? accessTo(lines, service) : undefined,
    flush: () => {
      lines.handOver()
      destination.flushSync()
    },
    dropped: countDropped(destination, log),
  }
}

/** `dest`: a file descriptor or a path. */
export function linesTo(
  dest: number | string,
  mostWaiting = MOST_WAITING,
): { readonly destination: Destination; readonly lines: Lines } {
  const destination = pino.destination({ ...DESTINATION, dest, maxLength: mostWaiting })
  return { destination, lines: new Lines(destination) }
}

/** What pino would write. V8's own serializer makes it in a fifth of the time, and this line is written for every call. */
export function accessTo(lines: { write: (line: string) => void }, service: string): WriteAccess {
  const timestamp = isoTime()
  const base = `,"service.name":${JSON.stringify(service)},`
  return fields =>
    lines.write(`{"level":"info"${timestamp()}${base}${JSON.stringify(fields).slice(1)}\n`)
}

type Destination = ReturnType<typeof pino.destination>

/** Collects lines until there is a piece of them, or a moment has passed. */
class Lines {
  readonly #destination: Destination
  #text = ''
  #timer: NodeJS.Timeout | undefined
  /** What is handed over now is lost; a piece that is not full can wait. */
  #isStalled = false

  constructor(destination: Destination) {
    this.#destination = destination
    destination.on('drop', () => {
      this.#isStalled = true
    })
    destination.on('drain', () => {
      this.#isStalled = false
      if (this.#timer === undefined && this.#text !== '') this.#wait()
    })
  }

  write(line: string): void {
    this.#text += line
    if (this.#text.length >= PIECE) this.handOver()
    else if (this.#timer === undefined && !this.#isStalled) this.#wait()
  }

  handOver(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const text = this.#text
    this.#text = ''
    if (text !== '') this.#destination.write(text)
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (!this.#isStalled) this.handOver()
    }, LATEST_MS)
    this.#timer.unref()
  }
}

/** Counts what is lost, and says so in the log itself as soon as it is read again: once for each time it stalled. */
function countDropped(destination: Destination, log: Log): () => number {
  let dropped = 0
  let told = 0
  destination.on('drop', (piece: string) => {
    dropped += piece.split('\n').length - 1
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
