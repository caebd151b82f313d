// Seals small values into opaque tokens that only routers with the same key can make or read (AES-256-GCM).
// A token proves that a router made it; it does not prove who holds it.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const NONCE_BYTES = 12
const TAG_BYTES = 16

export const SEAL_KEY_BYTES = 32

export interface Sealer {
  /** Base64url text. `purpose` is bound in: a token of one purpose does not open for another. */
  readonly seal: (purpose: string, value: unknown) => string
  /** The value, or undefined when the token was not made by `seal` with this key and purpose. */
  readonly open: (purpose: string, token: string) => unknown
}

export function createSealer(key: Buffer): Sealer {
  if (key.length !== SEAL_KEY_BYTES) {
    throw new Error(`a seal key has ${SEAL_KEY_BYTES} bytes, this one has ${key.length}`)
  }
  return {
    seal: (purpose, value) => {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose))
      const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')
    },
    open: (purpose, token) => {
      const bytes = Buffer.from(token, 'base64url')
      if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined
      if (bytes.toString('base64url') !== token) return undefined // one spelling a token, or the cache of opened ones could be filled
      const nonce = bytes.subarray(0, NONCE_BYTES)
      const decipher = createDecipheriv('aes-256-gcm', key, nonce)
        .setAAD(Buffer.from(purpose))
        .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
      try {
        const text = Buffer.concat([
          decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)),
          decipher.final(),
        ])
        return JSON.parse(text.toString('utf8'))
      } catch {
        return undefined // the tag did not match: forged, damaged, or sealed with another key
      }
    },
  }
}
