// The form of a last good set on disk: one JSON object, with an instance a line so that neither end handles a large set in
// one go. Reading checks every field: the file may be half written, edited, or another version's.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { ERAS, type Era } from '#routes/route-table.ts'
import type { Instance } from './instance.ts'

const STATES: readonly string[] = ['ready', 'draining', 'down']
/** Written or parsed in one turn of the event loop: some tenths of a millisecond. */
const SLICE = 200
/** A smaller file is parsed whole, whatever its lines. */
const SMALL_CHARS = 65_536
const HEAD_END = '"instances":['

/** The texts that make the file, one after another. */
export function* savedTexts(
  identity: string,
  { asOfMs, instances }: { readonly asOfMs: number; readonly instances: readonly Instance[] },
): Iterable<string> {
  yield `${JSON.stringify({ version: 1, identity, asOfMs }).slice(0, -1)},${HEAD_END}`
  for (let from = 0; from < instances.length; from += SLICE) {
    const lines = instances.slice(from, from + SLICE).map(instance => JSON.stringify(instance))
    yield `${from === 0 ? '' : ','}\n${lines.join(',\n')}`
  }
  yield '\n]}\n'
}

/** The same as `JSON.parse`; a large file that has an instance a line is read with turns of the event loop in between. */
export async function parseSaved(text: string): Promise<unknown> {
  const lines = text.length < SMALL_CHARS ? [] : text.trimEnd().split('\n')
  const [head = ''] = lines
  if (!head.endsWith(HEAD_END) || lines.at(-1) !== ']}') return JSON.parse(text)
  const instances: unknown[] = []
  for (let from = 1; from < lines.length - 1; from += SLICE) {
    const slice = lines.slice(from, Math.min(from + SLICE, lines.length - 1)).join('')
    instances.push(...(JSON.parse(`[${slice.replace(/,$/, '')}]`) as unknown[]))
    await nextTurn()
  }
  return { ...(JSON.parse(`${head}]}`) as object), instances }
}

/** Throws with the reason when it is not the set that `identity` names. */
export function readSavedInstances(
  saved: unknown,
  identity: string,
): { readonly instances: readonly Instance[]; readonly asOfMs: number } {
  if (!isRecord(saved)) throw new Error('it is not a JSON object')
  if (saved['version'] !== 1) throw new Error('it was written by another version')
  if (saved['identity'] !== identity) throw new Error('it belongs to another source')
  const { asOfMs, instances } = saved
  if (typeof asOfMs !== 'number' || !Number.isFinite(asOfMs)) throw new Error('it has no time')
  if (!Array.isArray(instances)) throw new Error('it has no list of instances')
  return { asOfMs, instances: instances.map(readOne) }
}

function readOne(value: unknown, position: number): Instance {
  const bad = (what: string) => new Error(`instance ${position} has no valid ${what}`)
  if (!isRecord(value)) throw bad('content')
  const { key, host, port, weight, state, eras, claims } = value
  if (!isText(key)) throw bad('key')
  if (!isText(host)) throw bad('host')
  if (!isWhole(port, 65_535)) throw bad('port')
  if (!isWhole(weight, 1_000)) throw bad('weight')
  if (typeof state !== 'string' || !STATES.includes(state)) throw bad('state')
  if (eras !== undefined && !(Array.isArray(eras) && eras.every(isEra))) throw bad('eras')
  if (claims !== undefined && !(isRecord(claims) && Object.values(claims).every(isText)))
    throw bad('claims')
  return {
    key,
    host,
    port,
    weight,
    state: state as Instance['state'],
    ...(value['tls'] === true ? { tls: true } : {}),
    ...(isText(value['path']) ? { path: value['path'] } : {}),
    ...(isText(value['reason']) ? { reason: value['reason'] } : {}),
    ...(value['hasFailedCheck'] === true ? { hasFailedCheck: true } : {}),
    ...(isText(value['zone']) ? { zone: value['zone'] } : {}),
    ...(isText(value['region']) ? { region: value['region'] } : {}),
    ...(isText(value['node']) ? { node: value['node'] } : {}),
    ...(isWhole(value['concurrency'], 999_999) ? { concurrency: value['concurrency'] } : {}),
    ...(eras === undefined ? {} : { eras: eras as readonly Era[] }),
    ...(claims === undefined ? {} : { claims: claims as Readonly<Record<string, string>> }),
    ...(value['isHeld'] === true ? { isHeld: true } : {}),
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

const isWhole = (value: unknown, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most

const isEra = (value: unknown) => ERAS.some(era => era === value)
