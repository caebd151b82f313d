// With what a router comes to its Consul agents: a token, a CA, a certificate of its own; and the connections that carry it.
// What was named by file is read again when an agent refuses, so that a rotation needs no restart.
import { readFile } from 'node:fs/promises'
import { Pool } from 'undici'
import type { DiscoveryLog } from './ports.ts'

/**
 * Connections to one agent. It allows 200 from one address by default, and each watch holds one while it hangs: the most
 * watches there may be, and ten for plain reads.
 */
const MOST_CONNECTIONS = 160
const CONNECT_MS = 5_000

export interface ConsulAccessOptions {
  /** Base URLs in order of preference. */
  readonly agents: readonly string[]
  readonly token?: string | undefined
  /** Read again when the agent refuses; its content takes the place of `token`. */
  readonly tokenFile?: string | undefined
  /** PEM files. */
  readonly caFile?: string | undefined
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
  /** The name that the agent's certificate must bear, where it is not the host of the URL. */
  readonly serverName?: string | undefined
}

export interface ConsulAccess {
  readonly agents: readonly string[]
  readonly token: () => string | undefined
  /** Reads the files when none was read yet, or when `isAgain`. Says what stands in the way of asking at all. */
  readonly load: (isAgain?: boolean) => Promise<string | undefined>
  /** Whether a file says something else than what is in use. */
  readonly isOutdated: () => Promise<boolean>
  readonly hasFiles: boolean
  readonly pool: (origin: string) => Pool
  readonly close: () => Promise<void>
}

const FILES = ['tokenFile', 'caFile', 'certFile', 'keyFile'] as const
type Files = Partial<Readonly<Record<(typeof FILES)[number], string>>>

export function createConsulAccess(
  options: ConsulAccessOptions,
  log: Pick<DiscoveryLog, 'info' | 'warn'>,
): ConsulAccess {
  const { agents, serverName } = options
  const named = FILES.filter(name => (options[name] ?? '') !== '')
  let read: Files | undefined
  let pools = new Map<string, Pool>() // one an agent

  const take = (next: Files) => {
    const isOther = read !== undefined && !isSame(read, next)
    read = next
    if (!isOther) return
    log.info({ files: named }, 'the token or the certificates for Consul changed and are used')
    // What hangs on the old connections may end there.
    for (const pool of pools.values()) void pool.close()
    pools = new Map()
  }
  return {
    agents,
    token: () => read?.tokenFile ?? options.token,
    hasFiles: named.length > 0,
    async load(isAgain = false) {
      if (read !== undefined && !isAgain) return undefined
      try {
        take(await readFiles(options, named))
      } catch (error) {
        const problem = `a file for Consul cannot be read: ${(error as Error).message}`
        if (read === undefined) return problem
        log.warn({ problem }, 'what was read from it before stays in use')
      }
      return undefined
    },
    async isOutdated() {
      try {
        return read === undefined || !isSame(read, await readFiles(options, named))
      } catch (error) {
        log.warn({ problem: (error as Error).message }, 'a file for Consul cannot be read')
        return false
      }
    },
    pool(origin) {
      const known = pools.get(origin)
      if (known !== undefined) return known
      // Deadlines are ours (`wait`), since a blocking read and a plain one differ by a minute.
      const pool = new Pool(origin, {
        connections: MOST_CONNECTIONS,
        allowH2: false, // a watch is a connection, and over HTTP/2 a refused certificate would read as a lost session
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: { timeout: CONNECT_MS, ...tlsOf(read ?? {}, serverName) },
      })
      pools.set(origin, pool)
      return pool
    },
    async close() {
      await Promise.all([...pools.values()].map(pool => pool.destroy()))
      pools.clear()
    },
  }
}

async function readFiles(
  options: ConsulAccessOptions,
  named: readonly (typeof FILES)[number][],
): Promise<Files> {
  const texts = named.map(
    async name => [name, (await readFile(options[name] ?? '', 'utf8')).trim()] as const,
  )
  return Object.fromEntries(await Promise.all(texts)) as Files
}

const isSame = (one: Files, other: Files) => FILES.every(name => one[name] === other[name])

const tlsOf = ({ caFile, certFile, keyFile }: Files, serverName: string | undefined) => ({
  ...(caFile === undefined ? {} : { ca: caFile }),
  ...(certFile === undefined ? {} : { cert: certFile }),
  ...(keyFile === undefined ? {} : { key: keyFile }),
  ...(serverName === undefined || serverName === '' ? {} : { servername: serverName }),
})
