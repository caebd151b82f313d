// Reads Prometheus text exposition (0.0.4) as strictly as a scraper does, and complains of what a scraper would refuse.

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Exposition {
  readonly samples: readonly Sample[]
  readonly types: ReadonlyMap<string, string>
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const COMMENT = new RegExp(`^# (HELP|TYPE) (${NAME})(?: (.*))?$`)
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)(?: -?[0-9]+)?$`)
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y
const TYPES = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped'])

/** Throws with the line that is wrong. */
export function mustReadExposition(text: string): Exposition {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const types = new Map<string, string>()
  const samples: Sample[] = []
  for (const line of text.split('\n').filter(one => one !== '')) {
    if (line.startsWith('#')) readComment(line, types)
    else samples.push(readSample(line, types))
  }
  const seen = new Set<string>()
  for (const { name, labels } of samples) {
    const key = name + keyOf(labels)
    if (seen.has(key)) throw new Error(`it stands there twice: ${key}`)
    seen.add(key)
  }
  return { samples, types }
}

/** The same for the same labels in any order. */
export const keyOf = (labels: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1)))

function readComment(line: string, types: Map<string, string>): void {
  const match = COMMENT.exec(line)
  if (match === null) {
    if (/^# (?:HELP|TYPE)\b/.test(line)) throw new Error(`a broken HELP or TYPE: ${line}`)
    return // any other comment is passed over
  }
  const [, kind, name = '', rest = ''] = match
  if (kind !== 'TYPE') return
  if (!TYPES.has(rest) || types.has(name)) throw new Error(`a wrong or second TYPE: ${line}`)
  types.set(name, rest)
}

function readSample(line: string, types: ReadonlyMap<string, string>): Sample {
  const match = SAMPLE.exec(line)
  if (match === null) throw new Error(`no sample: ${line}`)
  const [, name = '', text = '', number = ''] = match
  const value = /^[+-]?Inf$/.test(number) ? Number(`${number}inity`) : Number(number)
  if (Number.isNaN(value) && number !== 'NaN') throw new Error(`no number: ${line}`)
  const family = name.replace(/_(?:bucket|sum|count)$/, '')
  if (!types.has(name) && !types.has(family)) throw new Error(`no TYPE before: ${line}`)
  return { name, labels: readLabels(text, line), value }
}

function readLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  let at = 0
  while (at < text.length) {
    const match = LABEL.exec(text)
    if (match === null) throw new Error(`bad labels: ${line}`)
    const [, name = '', value = ''] = match
    if (name in labels) throw new Error(`a label twice: ${line}`)
    labels[name] = value
    at = LABEL.lastIndex
  }
  return labels
}
