// Writes a file so that a crash leaves the old one or the new one, never half of one.
import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** On disk before it has its name. Its folder is made, and is its owner's alone. */
export async function writeDurably(file: string, texts: Iterable<string>): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.${randomUUID()}.draft`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await writeAll(handle, texts)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
  const folder = await open(dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Each text is made when the one before it is written, so that nothing large is turned into text in one go. */
async function writeAll(handle: FileHandle, texts: Iterable<string>): Promise<void> {
  for (const text of texts) await handle.writeFile(text)
}

export interface NewestWrite<Value> {
  /** Never blocks the caller. */
  readonly put: (value: Value) => void
  /** Resolves when what was put is written. */
  readonly done: () => Promise<void>
}

/**
 * Writes of one file, one after another, and of those that wait only the newest: what changes faster than the disk is not kept waiting.
 * `failed` is told of one that did not succeed; the next is made all the same.
 */
export function newestWrite<Value>(
  write: (value: Value) => Promise<void>,
  failed: (error: Error) => void,
): NewestWrite<Value> {
  let waiting: { readonly value: Value } | undefined
  let writing: Promise<void> | undefined
  const drain = async (): Promise<void> => {
    for (let next = waiting; next !== undefined; next = waiting) {
      waiting = undefined
      try {
        await write(next.value)
      } catch (error) {
        failed(error as Error)
      }
    }
    writing = undefined
  }
  return {
    put: value => {
      waiting = { value }
      writing ??= drain()
    },
    done: async () => {
      await writing
    },
  }
}
