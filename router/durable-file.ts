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
