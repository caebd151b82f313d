// A log whose lines stay in the test: only the fields that were given, no time and no process.
import { pino } from 'pino'
import type { Log } from '#foundation/log.ts'

export interface CapturedLog {
  readonly log: Log
  readonly lines: readonly Readonly<Record<string, unknown>>[]
}

export function capturedLog(level = 'info'): CapturedLog {
  const lines: Record<string, unknown>[] = []
  const write = (line: string): void => {
    const { level: _level, ...fields } = JSON.parse(line) as Record<string, unknown>
    lines.push(fields)
  }
  const options = { level, base: null, timestamp: false }
  return { log: pino(options, { write }), lines }
}
