// What the tools themselves have done, by their own account: each appends a line to a file before it answers, so the account of a process
// that is killed stays. Times are of the machine's monotonic clock, which all its processes share.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** `ran`: the tool did its work. `left`: whoever asked was gone before the answer was whole. */
export type Deed = 'ran' | 'left'

export interface Entry {
  readonly deed: Deed
  readonly replica: string
  /** The id that its caller gave the call. */
  readonly call: string
  readonly tool: string
  readonly atMs: number
}

export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6

export const lineOf = ({ deed, tool, call, atMs }: Omit<Entry, 'replica'>): string =>
  `${deed} ${tool} ${call} ${atMs.toFixed(3)}\n`

export interface Ledger {
  readonly folder: string
  readonly entries: (deed?: Deed) => readonly Entry[]
  /** How often each call ran. */
  readonly executions: () => ReadonlyMap<string, number>
  readonly remove: () => void
}

/** One file a replica. */
export function openLedger(): Ledger {
  const folder = mkdtempSync(join(tmpdir(), 'ringmain-ledger-'))
  const entries = (deed?: Deed): readonly Entry[] =>
    readdirSync(folder)
      .flatMap(replica => entriesOf(replica, readFileSync(join(folder, replica), 'utf8')))
      .filter(entry => deed === undefined || entry.deed === deed)
  return {
    folder,
    entries,
    executions: () => {
      const counts = new Map<string, number>()
      for (const { call } of entries('ran')) counts.set(call, (counts.get(call) ?? 0) + 1)
      return counts
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The last line may be on its way. */
const entriesOf = (replica: string, text: string): readonly Entry[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map(line => {
      const [deed = '', tool = '', call = '', at = ''] = line.split(' ')
      if (deed !== 'ran' && deed !== 'left') throw new Error(`${replica} wrote: ${line}`)
      return { deed, replica, tool, call, atMs: Number(at) }
    })
