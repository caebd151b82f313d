// A caller without a connection: notes what is written to it, and plays one that is slow or leaves.
import type { Arrived, Caller } from '#router/facts.ts'

export interface FakeCaller extends Caller {
  /** What was asked of it, in order: `begin 200`, `write …`, `end`, `send 200 …`, `cut`, `dismiss`. */
  readonly log: string[]
  readonly headers: Readonly<Record<string, string>>
  readonly text: () => string
  /** Bytes written that it has not taken yet. */
  readonly held: () => number
  /** It takes what it holds. */
  readonly drain: () => void
  /** The connection closes. */
  readonly leave: () => void
}

/** `capacity`: bytes it holds before it asks to wait. */
export function fakeCaller(capacity = Number.POSITIVE_INFINITY): FakeCaller {
  const log: string[] = []
  const chunks: Buffer[] = []
  const state = { isGone: false, status: 0, bytesOut: 0, held: 0, headers: {} }
  const on: { gone?: () => void; writable?: () => void } = {}
  const take = (chunk: Buffer | string): void => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk // as a socket does
    chunks.push(bytes)
    state.bytesOut += bytes.length
    state.held += bytes.length
  }
  const head = (status: number, headers: Record<string, string>): void => {
    state.status = status
    state.headers = headers
  }
  const leave = (): void => {
    state.isGone = true
    on.gone?.()
  }
  return {
    log,
    get isGone() {
      return state.isGone
    },
    get status() {
      return state.status
    },
    get bytesOut() {
      return state.bytesOut
    },
    get headers() {
      return state.headers
    },
    text: () => Buffer.concat(chunks).toString(),
    held: () => state.held,
    onGone: listener => {
      on.gone = listener
      if (state.isGone) listener()
    },
    onWritable: listener => {
      on.writable = listener
    },
    send: (status, headers, given = '') => {
      const body = Array.isArray(given) ? Buffer.concat(given) : (given as Buffer | string)
      log.push(`send ${status} ${body.toString()}`.trimEnd())
      head(status, headers)
      take(body)
    },
    begin: (status, headers) => {
      log.push(`begin ${status}`)
      head(status, headers)
    },
    write: (chunk, isLent) => {
      log.push(`write ${chunk.toString()}`)
      take(isLent === true && typeof chunk !== 'string' ? Buffer.from(chunk) : chunk)
      return state.held < capacity
    },
    end: () => void log.push('end'),
    cut: () => void log.push('cut'),
    dismiss: () => {
      log.push('dismiss')
      leave()
    },
    drain: () => {
      state.held = 0
      const listener = on.writable
      delete on.writable
      listener?.()
    },
    leave,
  }
}

/** A POST to the default server, unless the test says otherwise. */
export const arrivedAs = (differences: Partial<Arrived> = {}): Arrived => ({
  verb: 'POST',
  serverName: 'default',
  headers: {},
  body: Buffer.alloc(0),
  caller: fakeCaller(),
  from: '127.0.0.1',
  arrivedMs: 0,
  ...differences,
})
