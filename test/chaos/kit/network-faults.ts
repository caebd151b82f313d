// Faults of the network between a router and one port, by the kernel's own filter. Only for a network namespace of the test's
// own: on a network that others use, a rule would be theirs to suffer. Linux, as root.
import { execFileSync } from 'node:child_process'

export interface NetworkFault {
  /** Takes it away; again is nothing. */
  readonly lift: () => void
}

/** What is done with packets, as the filter writes it. */
type Rules = readonly string[]

/** Neither questions nor answers arrive, and nobody says so. */
export const blackhole = (port: number): NetworkFault =>
  lay([`tcp dport ${port} drop`, `tcp sport ${port} drop`])

/** A connection is made, and what is said on it is never heard: all is lost but the packet that begins it. The kernel's own count of
 * connections would not know those that stood before the rule. */
export const halfOpen = (port: number): NetworkFault =>
  lay([`tcp dport ${port} tcp flags & (fin | syn | rst | ack) != syn drop`])

/** Whatever comes is answered with a reset: new connections are refused, those that stand break. */
export const rejectWithReset = (port: number): NetworkFault =>
  lay([`tcp dport ${port} reject with tcp reset`])

/** Of a hundred packets to the port so many are lost, by chance. */
export const loss = (port: number, percent: number): NetworkFault =>
  lay([`tcp dport ${port} numgen random mod 100 < ${percent} drop`])

/** Each fault is a table of its own, so that it goes as it came and leaves the others alone. */
function lay(rules: Rules): NetworkFault {
  assertOwnNetwork()
  const name = nextName()
  const chain = `chain input { type filter hook input priority 0; ${rules.join('; ')}; };`
  nft(`table inet ${name} { ${chain} }`)
  let isLaid = true
  return {
    lift: () => {
      if (isLaid) nft(`delete table inet ${name}`)
      isLaid = false
    },
  }
}

/** By what stands already: no count is kept here. */
function nextName(): string {
  const standing = execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' })
  let number = 1
  while (standing.includes(`chaos_${number}\n`)) number += 1
  return `chaos_${number}`
}

const nft = (commands: string): void =>
  void execFileSync('nft', ['-f', '-'], { input: `${commands}\n` })

function assertOwnNetwork(): void {
  const up = execFileSync('ip', ['-o', 'link', 'show', 'up'], { encoding: 'utf8' })
  if (
    up
      .trim()
      .split('\n')
      .some(link => !/^\d+: lo:/.test(link))
  )
    throw new Error('a fault of the network is only for a network namespace of the test’s own')
}
