// Durations as people write them: `250ms`, `3s`, `5m`, `1h`. A bare number is refused: its unit would be a guess.
const FACTORS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

/** The pattern policy schemas use for a duration. */
export const DURATION_PATTERN = '^[0-9]{1,7}(ms|s|m|h)$'

const SHAPE = new RegExp(DURATION_PATTERN)

/** The longest that a setting or a flag may name. A timer holds 24 days at most, and fires at once when set for longer. */
export const LONGEST_DURATION_MS = 86_400_000

/** Milliseconds of a written duration, or undefined when the text is not one. */
export function parseDuration(text: string): number | undefined {
  const unit = SHAPE.exec(text)?.[1]
  if (unit === undefined) return undefined
  return Number.parseInt(text, 10) * FACTORS[unit as keyof typeof FACTORS]
}

/** A duration that the schema has already checked; throws on anything else, since that is a defect. */
export function mustParseDuration(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new Error(`not a duration: ${JSON.stringify(text)}`)
  return ms
}

/** A short human form: 340ms, 1.4s, 2m 5s. */
export function formatDuration(ms: number): string {
  if (Math.round(ms) < 1_000) return `${Math.round(ms)}ms`
  const tenths = Math.round(ms / 100)
  if (tenths < 600) return `${(tenths / 10).toFixed(1)}s`
  const seconds = Math.round(ms / 1_000)
  const rest = seconds % 60
  return rest === 0 ? `${seconds / 60}m` : `${Math.floor(seconds / 60)}m ${rest}s`
}
