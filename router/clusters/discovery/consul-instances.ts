// Turns the body of `/v1/health/service/:name` into instances. The filter by health is ours and not Consul's, so that
// an instance whose check failed is known to be down and is not mistaken for one that left.
import { plainText } from '#foundation/plain-text.ts'
import { type Instance, MOST_INSTANCES } from './instance.ts'
import { createMetaReader, type ServiceMeta } from './service-meta.ts'

export interface ConsulSet {
  readonly instances: readonly Instance[]
  readonly notes: readonly string[]
}

export interface ConsulReading {
  /** One entry of the list. Returns the instance where there is nothing odd about it. */
  readonly add: (entry: unknown) => Instance | undefined
  /** An entry that such an instance was read from before. */
  readonly repeat: (instance: Instance) => void
  readonly result: () => ConsulSet | { readonly garbled: string }
}

const MAX_WEIGHT = 1_000
/** Of oddities; the first tell what is wrong. */
const MAX_NOTES = 100
const HOST = /^[A-Za-z0-9._:-]{1,253}$/

export function createConsulReading(): ConsulReading {
  const instances = new Map<string, Instance>() // bounded by MOST_INSTANCES
  const notes: string[] = []
  const readMeta = createMetaReader()
  let position = -1
  let garbled: string | undefined
  const tell = (key: string, says: string) => {
    if (notes.length < MAX_NOTES) notes.push(`${key}: ${says}`)
  }
  /** False where the answer has it already, or more than can be held. */
  const isNew = (key: string): boolean => {
    if (instances.has(key)) tell(key, 'it is listed twice; the first stands')
    else if (instances.size < MOST_INSTANCES) return true
    else garbled = `it has more than ${MOST_INSTANCES} entries`
    return false
  }
  const keep = (entry: Entry): Instance | undefined => {
    const { key, host, port } = entry
    let isOdd = false
    const note = (says: string) => {
      isOdd = true
      tell(key, says)
    }
    if (!HOST.test(host)) note('it has no usable address and is left out')
    else if (!isPort(port)) note('it has no port and is left out')
    if (isOdd || !isNew(key)) return undefined
    const instance = instanceOf(entry, readMeta(entry.service['Meta'], note), note)
    instances.set(key, instance)
    return isOdd ? undefined : instance
  }
  return {
    add(entry) {
      position += 1
      if (garbled !== undefined) return undefined
      const node = recordIn(entry, 'Node')
      const service = recordIn(entry, 'Service')
      const nodeName = textIn(node, 'Node')
      const id = textIn(service, 'ID')
      const checks = troubledChecks(entry)
      // One entry that is not Consul's makes the whole answer doubtful: half a set must not stand for the whole.
      if (nodeName === '' || id === '') garbled = `entry ${position} has no node or no service id`
      else if (checks === undefined) garbled = `entry ${position} has no list of checks`
      else if (!isName(nodeName) || !isName(id)) tell('an entry', UNUSABLE_NAME)
      else
        return keep({
          key: `${beforeSlash(nodeName)}/${id}`,
          node: nodeName,
          host: textIn(service, 'Address') || textIn(node, 'Address'),
          port: service['Port'] as number,
          service,
          checks,
        })
      return undefined
    },
    repeat(instance) {
      position += 1
      if (garbled === undefined && isNew(instance.key)) instances.set(instance.key, instance)
    },
    result: () =>
      garbled === undefined ? { instances: [...instances.values()], notes } : { garbled },
  }
}

/** Of an id a slash may be part: the first one ends the name of the node, or two instances could be taken for one. */
const beforeSlash = (node: string): string => node.replaceAll('%', '%25').replaceAll('/', '%2F')

/** They become labels, keys and words in a log: nothing in them may be obeyed by a terminal, or fill a page. */
const isName = (name: string): boolean =>
  name.length <= LONGEST_NAME && (USUAL.test(name) || plainText(name, LONGEST_NAME) === name)
const LONGEST_NAME = 256
const USUAL = /^[!-~]+$/
const UNUSABLE_NAME = `its node or its service id is longer than ${LONGEST_NAME} characters or holds some that cannot be shown; it is left out`

const isPort = (port: unknown): boolean =>
  typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535

interface Entry {
  readonly key: string
  readonly node: string
  readonly host: string
  readonly port: number
  readonly service: Readonly<Record<string, unknown>>
  readonly checks: readonly Check[]
}

function instanceOf(
  { key, node, host, port, service, checks }: Entry,
  { isDraining, hints }: ServiceMeta,
  note: (says: string) => void,
): Instance {
  const { weight, problem } = weightOf(service, checks, note)
  const takenOut = maintenance(checks)
  const failed = reasonFailed(checks) ?? problem
  const down = takenOut ?? failed
  const state = down === undefined ? (isDraining ? 'draining' : 'ready') : 'down'
  const reason = down ?? (isDraining ? 'rm-drain' : undefined)
  const instance = { ...hints, key, host, port, node: hints.node ?? node, weight, state } as const
  if (reason === undefined) return instance
  const isDoubtful = failed !== undefined && takenOut === undefined && !isDraining
  return { ...instance, reason, ...(isDoubtful ? { hasFailedCheck: true } : {}) }
}

interface Check {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly notes: string
}

/** Those that do not pass, by their ids: nothing hangs on the others. Undefined where it is not said, as health never leaves out. */
function troubledChecks(entry: unknown): readonly Check[] | undefined {
  const checks = isRecord(entry) ? entry['Checks'] : undefined
  if (!Array.isArray(checks)) return undefined
  if (checks.every(isPassing)) return []
  if (!checks.every(isRecord)) return undefined
  return checks
    .map(check => ({
      id: textIn(check, 'CheckID'),
      name: textIn(check, 'Name'),
      status: textIn(check, 'Status'),
      notes: textIn(check, 'Notes'),
    }))
    .filter(({ status }) => status !== 'passing')
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

const isPassing = (check: unknown): boolean => isRecord(check) && check['Status'] === 'passing'

function maintenance(checks: readonly Check[]): string | undefined {
  const check = checks.find(
    ({ id, status }) =>
      status !== 'warning' &&
      (id.startsWith('_service_maintenance:') || id === '_node_maintenance'),
  )
  if (check === undefined) return undefined
  return check.notes === '' ? 'maintenance' : `maintenance: ${clean(check.notes)}`
}

/** A check's output is left out on purpose: it changes with each run and would look like news. */
function reasonFailed(checks: readonly Check[]): string | undefined {
  const first = checks.find(({ status }) => status !== 'warning')
  return first === undefined
    ? undefined
    : `check ${clean(first.name || first.id)} is ${clean(first.status || 'unknown')}`
}

function weightOf(
  service: Readonly<Record<string, unknown>>,
  checks: readonly Check[],
  note: (says: string) => void,
): { readonly weight: number; readonly problem?: string } {
  const weights = recordIn(service, 'Weights')
  const warning = checks.find(({ status }) => status === 'warning')
  const weight = weights[warning === undefined ? 'Passing' : 'Warning'] ?? 1
  if (weight === 0 && warning !== undefined)
    return {
      weight: 1,
      problem: `check ${clean(warning.name || warning.id)} warns and its warning weight is 0`,
    }
  if (typeof weight !== 'number' || !Number.isInteger(weight) || weight < 1) {
    note('its weight is not a whole number above 0; 1 is used')
    return { weight: 1 }
  }
  if (weight <= MAX_WEIGHT) return { weight }
  note(`its weight ${weight} is above ${MAX_WEIGHT}; ${MAX_WEIGHT} is used`)
  return { weight: MAX_WEIGHT }
}

const clean = (text: string) => text.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, 200)

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function recordIn(value: unknown, field: string): Readonly<Record<string, unknown>> {
  const inner = isRecord(value) ? value[field] : undefined
  return isRecord(inner) ? inner : {}
}

function textIn(value: Readonly<Record<string, unknown>>, field: string): string {
  const text = value[field]
  return typeof text === 'string' ? text : ''
}
