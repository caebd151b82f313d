// Reads a registry file: which replicas each service has. Every problem carries its line, and one problem refuses the
// whole file: half a registry must not stand for the whole.
import { LineCounter, type Node, parseDocument } from 'yaml'
import { ERAS, type Era } from '#routes/route-table.ts'
import type { Instance } from './instance.ts'

/** The replicas of each service that the file names. */
export type Registry = ReadonlyMap<string, readonly Instance[]>

export type RegistryReading = { readonly registry: Registry } | { readonly problem: string }

type Path = readonly (string | number)[]
type Complain = (path: Path, says: string) => void

const MAX_PROBLEMS = 5
const NAME = /^[\w.:/-]{1,128}$/
const HOST = /^[A-Za-z0-9._:-]{1,253}$/
const STATES: readonly string[] = ['ready', 'draining', 'down']
/** What a replica's entry may hold, and what it must look like. */
const FIELDS: Readonly<
  Record<string, readonly [isValid: (value: unknown) => boolean, expected: string]>
> = {
  id: [value => typeof value === 'string' && NAME.test(value), 'a name'],
  address: [value => typeof value === 'string' && HOST.test(value), 'a host name or an IP address'],
  port: [value => isWhole(value, 65_535), 'a whole number from 1 to 65535'],
  path: [
    value => typeof value === 'string' && /^\/[^\s?#]*$/.test(value),
    'a path that begins with /',
  ],
  weight: [value => isWhole(value, 1_000), 'a whole number from 1 to 1000'],
  node: [value => typeof value === 'string' && NAME.test(value), 'a name'],
  zone: [value => typeof value === 'string' && NAME.test(value), 'a name'],
  region: [value => typeof value === 'string' && NAME.test(value), 'a name'],
  eras: [
    value => Array.isArray(value) && value.length > 0 && value.every(isEra),
    'a list of legacy, modern',
  ],
  state: [value => typeof value === 'string' && STATES.includes(value), 'ready, draining or down'],
}
const REQUIRED = ['id', 'address', 'port'] as const

/** `text` is YAML, of which JSON is a part. Costs about a millisecond for each kilobyte. */
export function readRegistryFile(text: string): RegistryReading {
  if (text.trim() === '')
    return { problem: 'it is empty; write `services: {}` to say that there are none' }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const broken = document.errors[0]
  if (broken !== undefined)
    return { problem: `line ${lines.linePos(broken.pos[0]).line}: ${broken.message}` }
  const problems: string[] = []
  const complain: Complain = (path, says) => {
    const node = document.getIn(path, true) as Node | undefined
    const offset = node?.range?.[0]
    const line = offset === undefined ? '' : `line ${lines.linePos(offset).line}: `
    problems.push(`${line}${path.join('.') || 'the file'}: ${says}`)
  }
  let content: unknown
  try {
    content = document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    return { problem: (error as Error).message }
  }
  const registry = readServices(content, complain)
  return problems.length > 0 ? { problem: summary(problems) } : { registry }
}

const NOBODY: readonly Instance[] = Object.freeze([])

/** A service that a valid file does not name has no replicas. */
export function replicasIn(
  registry: Registry,
  service: string,
): { readonly instances: readonly Instance[]; readonly notes: readonly string[] } {
  const instances = registry.get(service)
  if (instances !== undefined) return { instances, notes: [] }
  const named = [...registry.keys()].slice(0, 10).join(', ') || 'none'
  return { instances: NOBODY, notes: [`it names no service ${service}; it names: ${named}`] }
}

function readServices(content: unknown, complain: Complain): Map<string, readonly Instance[]> {
  const read = new Map<string, readonly Instance[]>()
  if (!isRecord(content)) {
    complain([], 'expected a mapping with the key services')
    return read
  }
  for (const key of Object.keys(content))
    if (key !== 'services') complain([key], 'unknown key; known: services')
  const services = content['services']
  if (!isRecord(services)) {
    complain(['services'], 'expected a mapping from service to a list of replicas')
    return read
  }
  for (const [name, replicas] of Object.entries(services))
    if (Array.isArray(replicas))
      read.set(name, readReplicas(replicas, ['services', name], complain))
    else complain(['services', name], 'expected a list of replicas')
  return read
}

function readReplicas(
  replicas: readonly unknown[],
  path: Path,
  complain: Complain,
): readonly Instance[] {
  const instances = new Map<string, Instance>()
  for (const [position, replica] of replicas.entries()) {
    const here = [...path, position]
    if (!isValidReplica(replica, here, complain)) continue
    const instance = instanceOf(replica)
    if (instances.has(instance.key))
      complain([...here, 'id'], `${instance.key} stands twice in this service`)
    instances.set(instance.key, instance)
  }
  return [...instances.values()]
}

function isValidReplica(
  replica: unknown,
  path: Path,
  complain: Complain,
): replica is Readonly<Record<string, unknown>> {
  if (!isRecord(replica)) {
    complain(path, 'expected a mapping')
    return false
  }
  let isValid = true
  const refuse = (key: string, says: string) => {
    isValid = false
    complain(key in replica ? [...path, key] : path, says)
  }
  for (const name of REQUIRED) if (!(name in replica)) refuse(name, `${name} is missing`)
  for (const [key, value] of Object.entries(replica)) {
    const field = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined
    if (field === undefined) refuse(key, `unknown key; known: ${Object.keys(FIELDS).join(', ')}`)
    else if (!field[0](value))
      refuse(key, `expected ${field[1]}, got ${JSON.stringify(value)?.slice(0, 60)}`)
  }
  return isValid
}

function instanceOf(replica: Readonly<Record<string, unknown>>): Instance {
  const { id, address, port, path, weight = 1, eras, state = 'ready' } = replica
  return {
    key: id as string,
    host: address as string,
    port: port as number,
    weight: weight as number,
    state: state as Instance['state'],
    ...(state === 'ready' ? {} : { reason: `the registry file says ${state as string}` }),
    ...(path === undefined ? {} : { path: path as string }),
    ...placeOf(replica),
    ...(eras === undefined ? {} : { eras: eras as readonly Era[] }),
  }
}

function placeOf({ node, zone, region }: Readonly<Record<string, unknown>>) {
  return {
    ...(node === undefined ? {} : { node: node as string }),
    ...(zone === undefined ? {} : { zone: zone as string }),
    ...(region === undefined ? {} : { region: region as string }),
  }
}

function summary(problems: readonly string[]): string {
  const more = problems.length - MAX_PROBLEMS
  const shown = problems.slice(0, MAX_PROBLEMS).join('; ')
  return more > 0 ? `${shown}; and ${more} more` : shown
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isWhole = (value: unknown, most: number) =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most

const isEra = (value: unknown) => ERAS.some(era => era === value)
