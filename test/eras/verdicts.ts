// What every caller gets of every tool server through a router: that it works, or the reason why it is refused. And what is not so yet.
import type { CallerKind } from './callers.ts'
import type { PlayName } from './plays.ts'

export const UPSTREAMS = ['legacy session', 'legacy stateless', 'modern'] as const
export type UpstreamKind = (typeof UPSTREAMS)[number]

export interface Cell {
  readonly caller: CallerKind
  readonly upstream: UpstreamKind
  readonly play: PlayName
}

/** `silent`: nothing comes of it, and the protocol has no word in which the caller could be told. */
export type Verdict = 'works' | { readonly is: 'refused' | 'silent'; readonly because: string }

export const nameOf = ({ caller, upstream, play }: Cell): string =>
  `${caller} to ${upstream}: ${play}`

/** The first that fits decides; what none fits works. */
const NOT_BRIDGED: readonly (readonly [fits: (cell: Cell) => boolean, verdict: Verdict])[] = [
  [
    ({ caller, play }) => caller === 'legacy stateless' && asks(play),
    {
      is: 'refused',
      because:
        'A caller without a session can be asked nothing: its answer would not be known for one.',
    },
  ],
  [
    ({ upstream, play }) => upstream === 'legacy stateless' && asks(play),
    {
      is: 'refused',
      because:
        'A tool server without sessions cannot be answered: it would not know what it had asked.',
    },
  ],
  [
    ({ caller, play }) => caller === 'legacy stateless' && play === 'list change',
    {
      is: 'refused',
      because: 'A caller without a session has no stream on which it could be told.',
    },
  ],
  [
    ({ upstream, play }) => upstream === 'legacy stateless' && play === 'list change',
    { is: 'refused', because: 'A tool server without sessions tells nobody of changes.' },
  ],
  [
    ({ caller, upstream, play }) =>
      caller === 'legacy stateless' && upstream === 'modern' && play === 'stream',
    {
      is: 'silent',
      because: 'A caller without a session cannot say once that it wants to hear what is logged.',
    },
  ],
  [
    ({ caller, play }) => caller === 'legacy stateless' && play === 'cancel',
    {
      is: 'silent',
      because:
        'A caller without a session cannot say which call it gives up: others use the same ids.',
    },
  ],
]

const asks = (play: PlayName): boolean => play === 'elicitation' || play === 'sampling'

export function verdictOf(cell: Cell): Verdict {
  return NOT_BRIDGED.find(([fits]) => fits(cell))?.[1] ?? 'works'
}

/** Cells that do not come to their verdict yet. One that does must go from here. */
export const NOT_YET: ReadonlySet<string> = new Set()
