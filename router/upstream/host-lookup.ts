// Resolves the names of replicas, for all clusters of a router. A lookup holds one of the process's four threads until somebody answers
// or the system gives up, ten seconds later perhaps, and files are read by the same threads. So names that nobody answers for may not
// take them all: a name that was answered goes first, and one that was not is asked again by itself.
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'

export type Found = (error: NodeJS.ErrnoException | null, found: readonly LookupAddress[]) => void
export type HostLookup = (host: string, options: LookupOptions, callback: Found) => void
type Resolve = (
  host: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void

/** One thread is left for files. */
const MOST_AT_ONCE = 3
/** Names that have not been answered yet, those that failed among them; the rest is for names that have. */
const MOST_DOUBTED = 2
const MOST_FAILED = 1
/** Names of which it is known how they did. */
const MOST_NAMES = 4_096
/** Connections that wait for one name; each gives up by itself, and is forgotten with the answer. */
const MOST_WAITING = 4_096

/** It is this machine, whatever anybody says (RFC 6761), and must not wait for those who say nothing. */
const LOCALHOST: readonly LookupAddress[] = Object.freeze([
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
])

interface Name {
  readonly host: string
  standing: 'new' | 'good' | 'failed'
  error: NodeJS.ErrnoException | undefined
  /** `none`: nobody wants to know it now. */
  state: 'none' | 'waits' | 'asked'
  options: LookupOptions
  waiting: Found[]
}

export function createHostLookup(resolve: Resolve = lookup): HostLookup {
  const names = new Map<string, Name>() // bounded by MOST_NAMES and the lookups under way
  const queue = new Set<Name>() // bounded by the names that connections wait for
  const asked = { new: 0, good: 0, failed: 0 }
  const mayAsk = ({ standing }: Name): boolean => {
    const doubted = asked.new + asked.failed
    if (doubted + asked.good >= MOST_AT_ONCE) return false
    if (standing === 'good') return true
    return doubted < MOST_DOUBTED && (standing === 'new' || asked.failed < MOST_FAILED)
  }
  const ask = (name: Name): void => {
    const { standing } = name
    queue.delete(name)
    name.state = 'asked'
    asked[standing] += 1
    resolve(name.host, { ...name.options, all: true }, (error, found) => {
      asked[standing] -= 1
      name.state = 'none'
      name.standing = error === null ? 'good' : 'failed'
      name.error = error ?? undefined // one that failed is not waited for while it is asked again
      const { waiting } = name
      name.waiting = []
      askNext()
      for (const callback of waiting) callback(error, found)
    })
  }
  const askNext = (): void => {
    for (const standing of ['good', 'new'] as const)
      for (const name of queue) if (name.standing === standing && mayAsk(name)) ask(name)
  }
  return (host, options, callback) => {
    if (host === 'localhost') return queueMicrotask(() => callback(null, ofFamily(options)))
    const name = nameOf(names, host, options)
    const { error } = name
    if (error !== undefined && (name.state === 'asked' || !mayAsk(name)))
      return queueMicrotask(() => callback(error, []))
    if (name.waiting.length >= MOST_WAITING) {
      const full = new Error(`too many connections wait for the addresses of ${host}`)
      return queueMicrotask(() => callback(full, []))
    }
    name.waiting.push(callback)
    if (name.state !== 'none') return
    if (mayAsk(name)) ask(name)
    else {
      name.state = 'waits'
      queue.add(name)
    }
  }
}

/** The one used last comes last. */
function nameOf(names: Map<string, Name>, host: string, options: LookupOptions): Name {
  const name: Name = names.get(host) ?? {
    host,
    standing: 'new',
    error: undefined,
    state: 'none',
    options,
    waiting: [],
  }
  names.delete(host)
  names.set(host, name)
  const [oldest] = names.values()
  if (names.size > MOST_NAMES && oldest?.state === 'none') names.delete(oldest.host)
  return name
}

const ofFamily = ({ family = 0 }: LookupOptions): readonly LookupAddress[] =>
  LOCALHOST.filter(one => family === 0 || family === one.family || family === `IPv${one.family}`)
