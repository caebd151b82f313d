// Reads a message as the router does, with a guard of its own.

import { JsonGuard } from '#router/eras/json-guard.ts'
import { type Read, readMessage } from '#router/eras/message.ts'
import type { Message } from '#router/facts.ts'

export const testGuard = (): JsonGuard => new JsonGuard(Math.random)

export const messageFrom = (body: string | Buffer): Read<Message> =>
  readMessage(typeof body === 'string' ? Buffer.from(body) : body, testGuard())

/** One that is in order. */
export function messageOf(body: string | Buffer): Message {
  const read = messageFrom(body)
  if (read.kind === 'refuse') throw new Error(read.refusal.code)
  return read.value
}
