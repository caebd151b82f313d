// The entries of one answer of Consul, from their bytes. What it repeats byte by byte is known by its digest and not parsed again:
// where a hundred of ten thousand have changed, the others cost a tenth of what they did.
import { hash } from 'node:crypto'
import { type ConsulReading, createConsulReading } from './consul-instances.ts'
import type { Instance } from './instance.ts'

/** Instances by the digest of the entry that each was read from. */
export type KnownEntries = ReadonlyMap<string, Instance>

export interface EntriesReading extends Pick<ConsulReading, 'result'> {
  /** The bytes of one entry; false when they are no JSON. */
  readonly add: (entry: Buffer) => boolean
  /** For the reading of the next answer. */
  readonly known: KnownEntries
}

export function createEntriesReading(before: KnownEntries = new Map()): EntriesReading {
  const reading = createConsulReading()
  const known = new Map<string, Instance>() // bounded as the instances of the reading are
  return {
    add(entry) {
      const digest = hash('sha256', entry, 'latin1')
      const repeated = before.get(digest)
      if (repeated === undefined) {
        const value = parse(entry)
        if (value === undefined) return false
        const instance = reading.add(value)
        if (instance !== undefined) known.set(digest, instance)
      } else {
        reading.repeat(repeated)
        known.set(digest, repeated)
      }
      return true
    },
    known,
    result: reading.result,
  }
}

function parse(entry: Buffer): unknown {
  try {
    return JSON.parse(entry.toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
