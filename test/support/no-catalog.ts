// The parts of a catalog that a server of one cluster does not ask.
import type { Offers } from '#router/stages/resolve.ts'

export const NO_CATALOG: Pick<Offers, 'offering' | 'task' | 'outward'> = {
  offering: () => Promise.resolve([]),
  task: () => undefined,
  outward: () => undefined,
}
