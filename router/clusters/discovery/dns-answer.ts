// What one look at a name yields. For SRV the lowest priority alone counts, as the record's own rule says:
// the others are for when those are gone, and health is not the name server's to judge here.
import type { SrvRecord } from 'node:dns'
import { type Instance, MOST_INSTANCES } from './instance.ts'

/** The part of `node:dns/promises`' Resolver that is used. */
export interface NameServer {
  readonly resolve4: (name: string) => Promise<string[]>
  readonly resolve6: (name: string) => Promise<string[]>
  readonly resolveSrv: (name: string) => Promise<SrvRecord[]>
  readonly cancel: () => void
}

export interface DnsAnswer {
  readonly instances: readonly Instance[]
  readonly notes: readonly string[]
}

const MAX_WEIGHT = 1_000
/** Each target costs a question of its own. */
const MAX_TARGETS = 500

/** Throws what the resolver throws, except for "no such name" and "no such record": those are an empty answer. */
export async function readName(
  server: NameServer,
  asked: { readonly name: string; readonly type: 'A' | 'AAAA' | 'SRV'; readonly port?: number },
): Promise<DnsAnswer> {
  if (asked.type === 'SRV') return readServices(server, asked.name)
  const { port } = asked
  if (port === undefined) throw new Error('the document names no port')
  const look = asked.type === 'A' ? server.resolve4 : server.resolve6
  const addresses = await unlessAbsent(look.call(server, asked.name))
  const notes: string[] = []
  const instances = distinct([addresses.map(host => instanceOf(host, port, 1))], notes)
  return { instances, notes }
}

async function readServices(server: NameServer, name: string): Promise<DnsAnswer> {
  const all = await unlessAbsent(server.resolveSrv(name))
  // A lone "." as target says in so many words that there is no such service.
  const records = all.filter(
    ({ name: target, port }) => target !== '' && target !== '.' && port > 0,
  )
  const lowest = Math.min(...records.map(({ priority }) => priority))
  const first = records.filter(({ priority }) => priority === lowest)
  const notes: string[] = []
  if (first.length > MAX_TARGETS)
    notes.push(`${name} has ${first.length} records; the first ${MAX_TARGETS} are used`)
  // Weights in a record go up to 65535; what matters is their ratio.
  const scale = Math.max(1, ...first.map(({ weight }) => weight / MAX_WEIGHT))
  const found = await Promise.all(
    first.slice(0, MAX_TARGETS).map(async ({ name: target, port, weight }) => {
      const addresses = await addressesOf(server, target)
      if (addresses.length === 0) notes.push(`${target} has no address and is left out`)
      return addresses.map(host => instanceOf(host, port, Math.max(1, Math.round(weight / scale))))
    }),
  )
  const instances = distinct(found, notes)
  if (first.length > 0 && instances.length === 0)
    throw new Error(`none of its ${first.length} targets has an address`)
  return { instances, notes: notes.sort() }
}

async function addressesOf(server: NameServer, target: string): Promise<readonly string[]> {
  const four = await unlessAbsent(server.resolve4(target))
  return four.length > 0 ? four : unlessAbsent(server.resolve6(target))
}

async function unlessAbsent<T>(answer: Promise<T[]>): Promise<T[]> {
  try {
    return await answer
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTFOUND' || code === 'ENODATA') return []
    throw error
  }
}

const instanceOf = (host: string, port: number, weight: number): Instance => ({
  key: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
  host,
  port,
  weight,
  state: 'ready',
})

/** What is on top of the most is not even looked at: nobody needs so many, and a name server may be made to say them. */
function distinct(found: readonly (readonly Instance[])[], notes: string[]): readonly Instance[] {
  const kept = new Map<string, Instance>()
  for (const instances of found)
    for (const instance of instances) {
      if (kept.size === MOST_INSTANCES && !kept.has(instance.key)) {
        notes.push(
          `it has more than ${MOST_INSTANCES} addresses; the first ${MOST_INSTANCES} are used`,
        )
        return [...kept.values()]
      }
      kept.set(instance.key, instance)
    }
  return [...kept.values()]
}
