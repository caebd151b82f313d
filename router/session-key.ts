// The key that seals session ids and cursors: given as a setting, or made once and kept in the state folder.
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SEAL_KEY_BYTES } from '#foundation/seal.ts'

const FILE = 'session.key'

/** Rejects with a sentence for a person when the key is not 32 bytes of base64, or the folder cannot be used. */
export async function sessionKey(
  setting: string | undefined,
  stateDirectory: string,
): Promise<Buffer> {
  if (setting !== undefined) return decoded(setting, 'RINGMAIN_SESSION_KEY')
  const file = join(stateDirectory, FILE)
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 })
  const kept = (await read(file)) ?? (await make(stateDirectory, file))
  return decoded(kept.trim(), file)
}

/** Undefined when there is none. */
async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Written beside its place and linked into it when it is whole: an end in between leaves no half key that would keep every
 * later router from starting, and a router that starts at the same moment gets the same key.
 */
async function make(stateDirectory: string, file: string): Promise<string> {
  const beside = `${file}.${randomBytes(6).toString('hex')}`
  try {
    await writeThrough(beside, `${randomBytes(SEAL_KEY_BYTES).toString('base64')}\n`)
    await link(beside, file)
    await syncFolder(stateDirectory)
  } catch (error) {
    // The other's key counts.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(beside, { force: true })
  }
  return readFile(file, 'utf8')
}

async function writeThrough(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function decoded(text: string, where: string): Buffer {
  const key = Buffer.from(text, 'base64')
  if (
    key.length === SEAL_KEY_BYTES &&
    key.toString('base64').replaceAll('=', '') === text.replaceAll('=', '')
  )
    return key
  throw new Error(
    `${where} does not hold ${SEAL_KEY_BYTES} bytes in base64; make one with: openssl rand -base64 ${SEAL_KEY_BYTES}`,
  )
}
