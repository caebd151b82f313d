// Connects to a replica. A name is resolved once for each connection, every address it has is judged, and the connection goes to
// one that was judged: what the name says a moment later changes nothing. The name stays what TLS and `Host` are held against.
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import type { TlsPolicy } from '#routes/route-table.ts'
import { type AddressGuard, AddressRefused } from './address-guard.ts'
import type { HostLookup } from './host-lookup.ts'

const CONNECT_TIMEOUT_MS = 2_000

type Connect = ReturnType<typeof buildConnector>

export interface ConnectOptions {
  readonly guard: AddressGuard
  readonly tls?: TlsPolicy | undefined
  readonly resolve: HostLookup
}

export function guardedConnect({ guard, tls, resolve }: ConnectOptions): Connect {
  const lookup = guardedLookup(guard, resolve)
  let known: { readonly ca: string | undefined; readonly connect: Connect } | undefined
  const connectorFor = (ca: string | undefined): Connect => {
    if (known !== undefined && known.ca === ca) return known.connect
    if (ca !== undefined) firstCertificate(ca, tls)
    const connect = buildConnector({
      allowH2: false,
      timeout: CONNECT_TIMEOUT_MS,
      autoSelectFamily: true,
      lookup,
      rejectUnauthorized: true, // whatever the environment says
      ...(ca === undefined ? {} : { ca }),
    })
    known = { ca, connect }
    return connect
  }
  return (options, settle) => {
    const refusal = guard.hostRefusal(options.hostname.replace(/^\[(.*)\]$/, '$1'))
    if (refusal !== undefined) {
      queueMicrotask(() => settle(new AddressRefused(refusal), null))
      return
    }
    const servername = tls?.serverName ?? options.servername
    const target = servername === undefined ? options : { ...options, servername }
    if (options.protocol !== 'https:') connectorFor(undefined)(options, settle)
    else
      authorities(tls)
        .then(ca => connectorFor(ca))
        .then(
          connect => begin(connect, target, settle),
          (error: unknown) => settle(error as Error, null),
        )
  }
}

/** What TLS will not begin with, it throws; here nobody would catch it, and it concerns this replica alone. */
function begin(connect: Connect, ...[options, settle]: Parameters<Connect>): void {
  try {
    connect(options, settle)
  } catch (error) {
    settle(error as Error, null)
  }
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
