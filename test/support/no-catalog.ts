// The parts of a catalog that a server of one cluster does not ask, and a list with nothing in it.
import type { PageAnswer } from '#router/stages/gather.ts'
import type { Offers } from '#router/stages/resolve.ts'

export const NO_CATALOG: Pick<
  Offers,
  'offering' | 'task' | 'outward' | 'missing' | 'rounds' | 'renamed' | 'reshape'
> = {
  offering: () => Promise.resolve([]),
  task: () => undefined,
  outward: () => undefined,
  missing: () => undefined,
  rounds: () => undefined,
  renamed: () => undefined,
  reshape: () => undefined,
}

export const EMPTY_PAGE: PageAnswer = {
  kind: 'page',
  page: { items: [], ttlMs: 0, isPublic: false },
  leftMs: 0,
}
