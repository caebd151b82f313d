// Connects to a replica. A name is resolved once for each connection, every address it has is judged, and the connection goes to
// one that was judged: what the name says a moment later changes nothing. The name stays what TLS and `Host` are held against.
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import type { TlsPolicy } from '#routes/route-table.ts'
import { type AddressGuard, AddressRefused } from './address-guard.ts'
import type { HostLookup } from './host-lookup.ts'
import type { Connecting } from './http1/connection.ts'
import { UpstreamFault } from './http1/faults.ts'

const CONNECT_TIMEOUT_MS = 2_000
/** Whoever has vanished without a word is found out by the kernel, on a stream that is silent for hours. */
const KEEP_ALIVE_MS = 60_000

export interface Target {
  /** A name or an address; an address of IPv6 without brackets. */
  readonly host: string
  readonly port: number
  readonly isTls: boolean
}

/** `connecting` hears of the outcome after this has returned. */
export type Connect = (target: Target, connecting: Connecting) => void

export interface ConnectOptions {
  readonly guard: AddressGuard
  readonly tls?: TlsPolicy | undefined
  readonly resolve: HostLookup
}

/** What was agreed with whoever holds a certificate of these authorities. */
interface Trust {
  readonly ca: string | undefined
  session?: Buffer
}

export function guardedConnect({ guard, tls, resolve }: ConnectOptions): Connect {
  const lookup = guardedLookup(guard, resolve)
  let trust: Trust | undefined
  const trustIn = (ca: string | undefined): Trust => {
    if (trust !== undefined && trust.ca === ca) return trust
    if (ca !== undefined) firstCertificate(ca, tls)
    trust = { ca }
    return trust
  }
  return (target, connecting) => {
    const { host, port, isTls } = target
    const refusal = guard.hostRefusal(host)
    if (refusal !== undefined) {
      queueMicrotask(() => connecting.fail(new AddressRefused(refusal)))
      return
    }
    const { onread } = connecting
    const to = { host, port, lookup, autoSelectFamily: true, ...(onread && { onread }) }
    if (!isTls) watch(connectTcp(to), target, connecting)
    else
      authorities(tls)
        .then(ca => watch(secured(to, trustIn(ca), tls), target, connecting))
        .catch((error: unknown) => connecting.fail(error as Error)) // what TLS will not begin with, it throws
  }
}

/** Verified, whatever the environment says; by the name that the document gives, or the replica's own. */
function secured(
  to: ConnectionOptions & { readonly host: string },
  trust: Trust,
  tls: TlsPolicy | undefined,
): Socket {
  const servername = tls?.serverName ?? (isIP(to.host) === 0 ? to.host : undefined)
  const { ca, session } = trust
  const socket = connectTls({
    ...to,
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: true,
    ...(servername && { servername }),
    ...(ca && { ca }),
    ...(session && { session }),
  })
  socket.on('session', agreed => {
    trust.session = agreed
  })
  return socket
}

function watch(socket: Socket, { host, port, isTls }: Target, connecting: Connecting): void {
  const timer = setTimeout(() => {
    const words = `no connection to ${host}:${port} within ${CONNECT_TIMEOUT_MS} ms`
    socket.destroy(new UpstreamFault('CONNECT_TIMEOUT', words))
  }, CONNECT_TIMEOUT_MS)
  const fail = (error: Error): void => {
    clearTimeout(timer)
    connecting.fail(error)
  }
  socket
    .setNoDelay(true)
    .setKeepAlive(true, KEEP_ALIVE_MS)
    .once('error', fail)
    .once(isTls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      connecting.open(socket)
    })
}

/** Throws where there is none: Node would take the system's authorities, and say of each certificate that its own is missing. */
function firstCertificate(ca: string, tls: TlsPolicy | undefined): X509Certificate {
  try {
    return new X509Certificate(ca)
  } catch (error) {
    const where = `the file ${tls?.ca} (tls.ca)`
    throw new Error(`${where} holds no certificate of an authority in PEM`, { cause: error })
  }
}

/** Read for each connection: a file that was replaced counts from the next one on. */
async function authorities(tls: TlsPolicy | undefined): Promise<string | undefined> {
  if (tls?.ca === undefined) return undefined
  try {
    return await readFile(tls.ca, 'utf8')
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message
    throw new Error(`the certificate authorities in ${tls.ca} (tls.ca) cannot be read: ${why}`, {
      cause: error,
    })
  }
}

/** Of the addresses of a name, those that may be connected to; an error in the guard's words where there is none. */
function guardedLookup(guard: AddressGuard, resolve: HostLookup): LookupFunction {
  return (host, options, callback) => {
    resolve(host, options, (error, found) => {
      if (error !== null) return callback(error, '')
      const judged = found.map(one => ({ ...one, refusal: guard.addressRefusal(one.address) }))
      const good = judged.filter(({ refusal }) => refusal === undefined)
      const [first] = good
      if (first === undefined) {
        const why = judged[0]?.refusal ?? 'the name has no address'
        return callback(new AddressRefused(`${host}: ${why}`), '')
      }
      if (options.all === true)
        return callback(
          null,
          good.map(({ address, family }) => ({ address, family })),
        )
      return callback(null, first.address, first.family)
    })
  }
}
