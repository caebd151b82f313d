// What a session id holds, sealed: the virtual server, who calls, and where its parts live. Any router with the key opens it.
import type { Sealer } from '#foundation/seal.ts'
import type { CallerCapabilities } from './capabilities.ts'
import type { Session, SessionMember } from './facts.ts'

const PURPOSE = 'session'

export function sealSession(
  sealer: Sealer,
  about: Omit<Session, 'token' | 'client'> & Required<Pick<Session, 'client'>>,
): string {
  const { serverName, version, members, client } = about
  const sealed: SealedSession = {
    s: serverName,
    v: version,
    m: members.map(packed),
    c: [client.info.name, client.info.version, client.capabilities],
  }
  return sealer.seal(PURPOSE, sealed)
}

/** Undefined where no router with this key made it. */
export function openSealed(sealer: Sealer, token: string): Session | undefined {
  const sealed = sealer.open(PURPOSE, token) as SealedSession | undefined // sealed by us, so of this shape
  if (sealed?.c === undefined) return undefined // or of a router that kept nothing of callers: they initialize anew
  const { s: serverName, v: version, m: members, c } = sealed
  const client = { info: { name: c[0], version: c[1] }, capabilities: c[2] }
  return { token, serverName, version, members: members.map(unpacked), client }
}

/** Cluster, replica, the replica's own session id, revision: short, because the id travels with every request. */
type PackedMember = readonly [cluster: string, endpoint: string, id: string, version: string]

interface SealedSession {
  readonly s: string
  readonly v: string
  readonly m: readonly PackedMember[]
  readonly c?: PackedClient
}

type PackedClient = readonly [name: string, version: string, capabilities: CallerCapabilities]

const packed = ({ cluster, endpoint, id, version }: SessionMember): PackedMember => [
  cluster,
  endpoint,
  id,
  version,
]

const unpacked = ([cluster, endpoint, id, version]: PackedMember): SessionMember => ({
  cluster,
  endpoint,
  id,
  version,
})
