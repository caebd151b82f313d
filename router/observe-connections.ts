// Connections that never became a call: counted each, since no access line tells of them, and logged seldom, since
// whoever opens them could otherwise fill the log.
import type { Meter } from '@opentelemetry/api'
import type { Log } from '#foundation/log.ts'
import type { BrokenRequest } from './listeners/caller-connection.ts'

export interface ConnectionObserver {
  /** `code`: what was wrong. */
  readonly broken: (code: BrokenRequest) => void
  /** There were as many as there may be. */
  readonly dropped: () => void
}

export function observeConnections(
  meter: Meter,
  log: Log,
  nowMs: () => number,
): ConnectionObserver {
  const requestsBroken = meter.createCounter('ringmain.requests.broken', {
    description: 'Connections that brought no request that can be read, or not in time.',
  })
  const connectionsDropped = meter.createCounter('ringmain.connections.dropped', {
    description: 'Connections closed at once, because there were as many as there may be.',
  })
  const sayBroken = seldom(nowMs, (count, code) =>
    log.warn({ event: 'request.broken', code, count }, 'a connection did not become a request'),
  )
  const sayDropped = seldom(nowMs, count =>
    log.warn(
      { event: 'connection.dropped', count },
      'too many connections: new ones are closed at once; see RINGMAIN_MAX_CONNECTIONS',
    ),
  )
  return {
    broken: code => {
      requestsBroken.add(1, { code })
      sayBroken(code)
    },
    dropped: () => {
      connectionsDropped.add(1)
      sayDropped('')
    },
  }
}

const QUIET_MS = 1_000

/** Says it at once, then once a second at most, with how often it came to pass since it was last said. */
function seldom(
  nowMs: () => number,
  say: (count: number, code: string) => void,
): (code: string) => void {
  let saidMs = Number.NEGATIVE_INFINITY
  let count = 0
  return code => {
    count += 1
    const now = nowMs()
    if (now - saidMs < QUIET_MS) return
    say(count, code)
    saidMs = now
    count = 0
  }
}
