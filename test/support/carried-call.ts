// A call between the eras, of which nothing is asked unless the test says so.
import type { CarriedCall } from '#router/eras/bridge/downward.ts'

export const carriedAs = (differences: Partial<CarriedCall> = {}): CarriedCall => ({
  method: 'tools/call',
  isLogged: false,
  mayAsk: false,
  mayOpenUrls: false,
  capabilities: {},
  pong: () => undefined,
  ...differences,
})
