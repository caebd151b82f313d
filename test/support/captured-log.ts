// A log whose lines stay in the test: only the fields that were given, no time and no process.
import { pino } from 'pino'
import type { Log, WriteAccess } from '#foundation/log.ts'

export interface CapturedLog {
  readonly log: Log
  readonly access: WriteAccess | undefined
  readonly lines: readonly Readonly<Record<string, unknown>>[]
}

export function capturedLog(level = 'info'): CapturedLog {
  const lines: Record<string, unknown>[] = []
  const write = (line: string): void => {
    const { level: _level, ...fields } = JSON.parse(line) as Record<string, unknown>
    lines.push(fields)
  }
  const options = { level, base: null, timestamp: false }
  const log = pino(options, { write })
  const access = log.isLevelEnabled('info') ? (fields: object): void => log.info(fields) : undefined
  return { log, access, lines }
}
