// The key that seals session ids and cursors: given as a setting, or made once and kept in the state folder.
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
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
  try {
    await writeFile(file, `${randomBytes(SEAL_KEY_BYTES).toString('base64')}\n`, {
      flag: 'wx',
      mode: 0o600,
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return decoded((await readFile(file, 'utf8')).trim(), file)
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
