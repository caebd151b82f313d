// The files that `ringmain dev` leaves under its state folder, each replaced whole: the router watches one of them,
// and a second shell reads the other to start a replica again at the place it had.
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { DEMO_ERAS, type ReplicaAt } from './dev-mesh.ts'
import { EXIT, Failure } from './failure.ts'
import { DEMO_FOLDER, isUsualState } from './repository.ts'

export interface ConsulPorts {
  readonly http: number
  readonly serf: number
  readonly server: number
}

/** What runs, for the commands of a second shell. */
export interface DevRecord {
  readonly pid: number
  readonly replicas: readonly ReplicaAt[]
  readonly consul?: { readonly ports: ConsulPorts; readonly bin: string }
}

export const registryFile = (state: string): string => join(state, 'registry.yaml')
export const logFile = (state: string, name: string): string => join(state, 'logs', `${name}.log`)
export const sharedFolder = (state: string): string => join(state, 'demo')
export const consulFolder = (state: string): string => join(state, 'consul')
const recordFile = (state: string): string => join(state, 'dev.json')

export function writeRegistry(state: string, replicas: readonly ReplicaAt[]): void {
  const services: Record<string, object[]> = {}
  for (const { name, service, port, zone } of replicas) {
    services[service] ??= []
    services[service].push({ id: name, address: '127.0.0.1', port, zone, eras: DEMO_ERAS })
  }
  const head = '# Written by ringmain dev at each start; the router watches it.\n'
  writeWhole(registryFile(state), `${head}${stringify({ services })}`)
}

/** Half a file must never be read: the router would take it for the truth, or refuse it aloud. */
function writeWhole(file: string, text: string): void {
  const unfinished = `${file}.${process.pid}.part`
  writeFileSync(unfinished, text)
  renameSync(unfinished, file)
}

export function writeRecord(state: string, record: DevRecord): void {
  writeWhole(recordFile(state), `${JSON.stringify(record, null, 2)}\n`)
}

export function removeRecord(state: string): void {
  rmSync(recordFile(state), { force: true })
}

/** The record of a mesh that runs now; undefined when none does. */
export function readRecord(state: string): DevRecord | undefined {
  let record: DevRecord
  try {
    record = JSON.parse(readFileSync(recordFile(state), 'utf8')) as DevRecord
  } catch {
    return undefined // Absent, or cut off by a crash: either way nothing is known to run.
  }
  return isRingmain(record.pid) ? record : undefined
}

/** `node …/main.ts dev` or `node …/ringmain dev`, with the words as the kernel keeps them. */
const COMMAND_LINE = /(control-plane\/cli\/main\.ts|ringmain(\.mjs)?)\0dev\0/

/** Process ids are used again: one that lives may belong to anybody. */
function isRingmain(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return COMMAND_LINE.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  } catch {
    return true // No such view of processes on this system; a living one is taken at its word.
  }
}

/** The folder of documents the demo's router runs on, and with it where it looks for the registry. */
export function preparePolicies(state: string, isConsul: boolean): string {
  if (isConsul) return join(DEMO_FOLDER, 'policies-consul')
  const source = join(DEMO_FOLDER, 'policies')
  // The documents name the registry of the usual state folder. For another folder they are copied beside its own.
  if (isUsualState(state)) return source
  const copies = join(state, 'policies')
  mkdirSync(copies, { recursive: true })
  for (const name of readdirSync(source)) {
    copyFileSync(join(source, name), join(copies, name))
    const text = readFileSync(join(copies, name), 'utf8')
    writeWhole(
      join(copies, name),
      text.replaceAll('../../../.ringmain/registry.yaml', '../registry.yaml'),
    )
  }
  return copies
}

/** Two meshes in one folder would overwrite each other's registry. */
export function mustBeAlone(state: string): void {
  const other = readRecord(state)
  if (other === undefined) return
  throw new Failure(EXIT.failed, {
    code: 'already_running',
    what: 'a demo mesh runs here already',
    where: state,
    why: `process ${other.pid} writes to this folder`,
    next: `stop it with Ctrl-C there (or kill ${other.pid}), or use another folder: --state DIR`,
  })
}
