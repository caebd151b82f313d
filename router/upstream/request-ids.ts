// Ids of the router, and of the requests that it sends in its own name, or under its own id on a legacy exchange.
import { randomBytes, randomInt } from 'node:crypto'

/** Another one with each start, of small letters and digits: it goes into a header of what is sent. */
export const newRouterId = (): string => randomBytes(8).toString('hex')

/** Ids of the router's own requests: far from the small numbers that servers count their own requests by, and within 32 bits. */
export function requestIds(): () => number {
  const least = 1_000_000_000
  const span = 1_000_000_000
  let next = randomInt(span)
  return () => {
    next = (next + 1) % span
    return least + next
  }
}
