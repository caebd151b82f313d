// Changes that know nothing of what the bytes mean.
import type { Dice } from './dice.ts'

export type Change = (bytes: Buffer, dice: Dice) => Buffer

const ODD_BYTES = [0, 1, 9, 10, 11, 13, 32, 34, 44, 47, 58, 59, 92, 123, 125, 127, 128, 239, 255]
const ODD_TEXTS = ['\r\n', '\n', '\r', '\0', '\r\n\r\n', '\\u0000', '\ufeff', '\ud800', ',', '"']
/** Largest range that is copied or taken out, so that a case stays small. */
const RANGE = 600

const at = (bytes: Buffer, dice: Dice): number => dice.below(bytes.length + 1)

const put = (bytes: Buffer, from: number, to: number, by: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(to)])

const flip: Change = (bytes, dice) => {
  const copy = Buffer.from(bytes)
  for (let left = 1 + dice.below(4); left > 0 && copy.length > 0; left -= 1) {
    const index = dice.below(copy.length)
    copy[index] = (copy[index] as number) ^ (1 << dice.below(8))
  }
  return copy
}

const set: Change = (bytes, dice) => {
  if (bytes.length === 0) return bytes
  const index = dice.below(bytes.length)
  return put(bytes, index, index + 1, Buffer.from([dice.pick(ODD_BYTES)]))
}

const insert: Change = (bytes, dice) => {
  const index = at(bytes, dice)
  const by = dice.isLucky(0.5)
    ? dice.bytes(1 + dice.below(16))
    : Buffer.from(dice.pick(ODD_TEXTS), dice.isLucky(0.5) ? 'utf8' : 'latin1')
  return put(bytes, index, index, by)
}

const remove: Change = (bytes, dice) => {
  const index = at(bytes, dice)
  return put(bytes, index, Math.min(bytes.length, index + 1 + dice.below(RANGE)), Buffer.alloc(0))
}

const removeOne: Change = (bytes, dice) => {
  const index = dice.below(bytes.length)
  return put(bytes, index, Math.min(bytes.length, index + 1), Buffer.alloc(0))
}

const repeat: Change = (bytes, dice) => {
  const from = at(bytes, dice)
  const range = bytes.subarray(from, from + 1 + dice.below(RANGE))
  const times = dice.isLucky(0.9) ? 1 : 1 + dice.below(40)
  return put(bytes, from, from, Buffer.concat(Array.from({ length: times }, () => range)))
}

const truncate: Change = (bytes, dice) => bytes.subarray(0, at(bytes, dice))

export const byteChanges: readonly Change[] = [
  flip,
  set,
  insert,
  remove,
  removeOne,
  repeat,
  truncate,
]

/** The beginning of one and the end of another. */
export const splice = (bytes: Buffer, other: Buffer, dice: Dice): Buffer =>
  Buffer.concat([bytes.subarray(0, at(bytes, dice)), other.subarray(at(other, dice))])
