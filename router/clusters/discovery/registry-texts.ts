// One reading of each registry file for all clusters that name it. A text that has not changed is not parsed again, since that
// costs a thousand times what it costs to compare it.
import { readFile, stat } from 'node:fs/promises'
import { type RegistryReading, readRegistryFile } from './registry-file.ts'

const MAX_BYTES = 4 * 1_048_576

export interface RegistryText {
  /** What the file says now; the same object for as long as it says the same. */
  readonly read: () => Promise<RegistryReading>
  readonly close: () => void
}

export interface RegistryTexts {
  readonly open: (file: string) => RegistryText
}

interface Shared {
  readers: number
  /** One look at a time: of several clusters that hear of a change the first parses it. */
  newest: Promise<Read>
}

interface Read {
  readonly text?: string
  readonly reading: RegistryReading
}

export function createRegistryTexts(parse = readRegistryFile): RegistryTexts {
  const files = new Map<string, Shared>() // bounded by the clusters that are open
  return {
    open(file) {
      const nothing: Read = { reading: { problem: 'it was not read yet' } }
      const shared = files.get(file) ?? { readers: 0, newest: Promise.resolve(nothing) }
      files.set(file, shared)
      shared.readers += 1
      return {
        async read() {
          shared.newest = shared.newest.then(last => look(file, last, parse))
          return (await shared.newest).reading
        },
        close() {
          shared.readers -= 1
          if (shared.readers === 0) files.delete(file)
        },
      }
    },
  }
}

async function look(file: string, last: Read, parse: typeof readRegistryFile): Promise<Read> {
  const found = await readText(file)
  if ('problem' in found) return { reading: found }
  return found.text === last.text ? last : { text: found.text, reading: parse(found.text) }
}

async function readText(
  file: string,
): Promise<{ readonly text: string } | { readonly problem: string }> {
  try {
    const { size } = await stat(file)
    if (size > MAX_BYTES) return { problem: `it has ${size} bytes, more than ${MAX_BYTES}` }
    return { text: await readFile(file, 'utf8') }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { problem: code === 'ENOENT' ? 'it does not exist' : message }
  }
}
