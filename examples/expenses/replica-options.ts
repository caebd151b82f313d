// What a demo server is started with. The name stands in the command line, so that a person can find and kill it.
import { parseArgs } from 'node:util'

export interface ReplicaOptions {
  readonly name: string
  readonly port: number
  /** Name under which Consul knows it. */
  readonly service: string
  readonly zone?: string
  /** Base URL of the Consul agent to register with. */
  readonly consul?: string
  /** Folder of what replicas of one kind share; a replica without one keeps its own. */
  readonly state?: string
}

export const REPLICA_USAGE =
  '--name NAME [--port N] [--service NAME] [--zone NAME] [--state DIR] [--register consul=URL]'

/** Throws an error whose message says what is wrong with the arguments. */
export function mustReadReplicaOptions(program: string, args: readonly string[]): ReplicaOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      name: { type: 'string' },
      port: { type: 'string', default: '0' },
      service: { type: 'string', default: `mcp-${program}` },
      zone: { type: 'string' },
      state: { type: 'string' },
      register: { type: 'string' },
    },
  })
  const name = values.name ?? `${program}-1`
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(name)) {
    throw new Error(
      `--name must be lower-case letters, digits and dashes, got ${JSON.stringify(name)}`,
    )
  }
  const port = Number(values.port)
  if (!/^[0-9]{1,5}$/.test(values.port) || port > 65_535) {
    throw new Error(
      `--port must be a whole number from 0 to 65535, got ${JSON.stringify(values.port)}`,
    )
  }
  return {
    name,
    port,
    service: values.service,
    ...(values.zone === undefined ? {} : { zone: values.zone }),
    ...(values.state === undefined ? {} : { state: values.state }),
    ...(values.register === undefined ? {} : { consul: mustReadConsulUrl(values.register) }),
  }
}

function mustReadConsulUrl(register: string): string {
  const url = register.startsWith('consul=') ? register.slice('consul='.length) : ''
  if (URL.canParse(url) && new URL(url).protocol === 'http:') return url
  throw new Error(
    `--register must look like consul=http://127.0.0.1:8500, got ${JSON.stringify(register)}`,
  )
}
