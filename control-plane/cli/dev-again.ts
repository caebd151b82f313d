// Starts one part of a running demo mesh again, from a second shell, at the place it had: the registry still names it.
// It runs until Ctrl-C, or until the mesh it belongs to ends.
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { nearest } from '#routes/compile/nearest.ts'
import { consulCommand, consulUrl } from './dev-consul.ts'
import { type DevRecord, readRecord } from './dev-files.ts'
import { isFree } from './dev-ports.ts'
import { replicaCommand } from './dev-start.ts'
import { EXIT, Failure } from './failure.ts'
import { runInForeground } from './foreground.ts'
import type { Terminal } from './terminal.ts'

const LOOK_EVERY_MS = 500

export async function runReplicaAgain(
  name: string,
  stateFolder: string,
  terminal: Terminal,
): Promise<number> {
  const state = resolve(stateFolder)
  const record = mustReadRecord(state)
  const replica = record.replicas.find(one => one.name === name)
  if (replica === undefined) throw unknownReplica(name, record)
  await mustBeGone(name, replica.port, `pkill -9 -f 'name ${name}'`)
  const consul = record.consul === undefined ? undefined : consulUrl(record.consul.ports)
  terminal.say(`starting ${name} again at port ${replica.port}; Ctrl-C ends it`)
  return runPart(replicaCommand(replica, replica.port, { state, consul }), record, terminal)
}

export async function runConsulAgain(stateFolder: string, terminal: Terminal): Promise<number> {
  const state = resolve(stateFolder)
  const record = mustReadRecord(state)
  if (record.consul === undefined) {
    throw new Failure(EXIT.failed, {
      code: 'no_consul',
      what: 'the demo mesh that runs here uses no Consul',
      where: state,
      next: 'npm start -- --consul starts one that does',
    })
  }
  const { bin, ports } = record.consul
  await mustBeGone('Consul', ports.http, `pkill -f 'consul agent -dev'`)
  terminal.say(`starting Consul again at ${consulUrl(ports)}; Ctrl-C ends it`)
  return runPart(consulCommand(bin, ports, state), record, terminal)
}

function mustReadRecord(state: string): DevRecord {
  const record = readRecord(state)
  if (record !== undefined) return record
  throw new Failure(EXIT.failed, {
    code: 'not_running',
    what: 'no demo mesh runs here',
    where: state,
    next: 'npm start, or name its folder with --state DIR',
  })
}

function unknownReplica(name: string, { replicas }: DevRecord): Failure {
  const names = replicas.map(replica => replica.name)
  const near = nearest(name, names) ?? names[0]
  return new Failure(EXIT.usage, {
    code: 'unknown_replica',
    what: `the mesh has no replica ${JSON.stringify(name)}`,
    why: `it has ${names.join(', ')}`,
    next: `npx ringmain dev replica ${near}`,
  })
}

async function mustBeGone(name: string, port: number, kill: string): Promise<void> {
  if (await isFree(port)) return
  throw new Failure(EXIT.failed, {
    code: 'still_running',
    what: `${name} still runs`,
    where: `127.0.0.1:${port}`,
    next: kill,
  })
}

async function runPart(
  command: { readonly file: string; readonly args: readonly string[] },
  record: DevRecord,
  terminal: Terminal,
): Promise<number> {
  const child = spawn(process.execPath, [command.file, ...command.args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  })
  const watch = setInterval(() => {
    if (isAlive(record.pid)) return
    terminal.say('the demo mesh has ended')
    clearInterval(watch)
    child.kill('SIGTERM')
  }, LOOK_EVERY_MS)
  try {
    return await runInForeground(child)
  } finally {
    clearInterval(watch)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
