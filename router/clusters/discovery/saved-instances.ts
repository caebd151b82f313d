// Reads back a set that `last-good.ts` wrote. Checks every field: the file may be half written, edited, or another version's.
import { ERAS, type Era } from '#routes/route-table.ts'
import type { Instance } from './instance.ts'

const STATES: readonly string[] = ['ready', 'draining', 'down']

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
  const { key, host, port, weight, state, eras } = value
  if (!isText(key)) throw bad('key')
  if (!isText(host)) throw bad('host')
  if (!isWhole(port, 65_535)) throw bad('port')
  if (!isWhole(weight, 1_000)) throw bad('weight')
  if (typeof state !== 'string' || !STATES.includes(state)) throw bad('state')
  if (eras !== undefined && !(Array.isArray(eras) && eras.every(isEra))) throw bad('eras')
  return {
    key,
    host,
    port,
    weight,
    state: state as Instance['state'],
    ...(value['tls'] === true ? { tls: true } : {}),
    ...(isText(value['path']) ? { path: value['path'] } : {}),
    ...(isText(value['reason']) ? { reason: value['reason'] } : {}),
    ...(isText(value['zone']) ? { zone: value['zone'] } : {}),
    ...(eras === undefined ? {} : { eras: eras as readonly Era[] }),
    ...(value['isHeld'] === true ? { isHeld: true } : {}),
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

const isWhole = (value: unknown, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most

const isEra = (value: unknown) => ERAS.some(era => era === value)
