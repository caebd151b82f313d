// Which addresses a cluster's replicas may have. Discovery is written by others, and whoever can register a replica would
// otherwise choose what this machine connects to. Judged is the address that is connected to, never the text that named it.
import { type BlockList, isIP, isIPv4 } from 'node:net'
import { ADDRESS_WORDS, readAddressRange } from '#routes/address-range.ts'
import { type AddressKind, kindOf, listOf } from './address-ranges.ts'

/** The words of a refusal, for people: they stand as the reason of a replica that is down. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
}

export interface AddressGuard {
  /** Why this host may not be called; undefined for an address that may, and for a name, whose addresses are judged when it is resolved. */
  readonly hostRefusal: (host: string) => string | undefined
  /** Why this IP address may not be connected to. */
  readonly addressRefusal: (address: string) => string | undefined
}

export function createAddressGuard(allow: readonly string[]): AddressGuard {
  const words = new Set<string>(ADDRESS_WORDS.filter(word => allow.includes(word)))
  const ranges = allow.filter(rule => readAddressRange(rule) !== undefined)
  const allowed = listOf(ranges)
  const isAllowed = (address: string, kind: AddressKind): boolean => {
    if (kind.word !== undefined && words.has(kind.word)) return true
    if (!isIn(allowed, address)) return false
    // A wide range is written to name networks, not to open what lies within it by accident.
    return isOrdinary(kind) || isIn(listOf(ranges.filter(range => isWithin(range, kind))), address)
  }
  const addressRefusal = (given: string): string | undefined => {
    const address = plainAddress(given)
    if (address === undefined) return `${JSON.stringify(given)} is no IP address`
    const kind = kindOf(address)
    if (isAllowed(address, kind)) return undefined
    const range = `${address}/${isIPv4(address) ? 32 : 128}`
    return `address ${address} is ${labelOf(address, kind)}; allow ${kind.word ?? range} under addresses.allow if it is meant`
  }
  return {
    addressRefusal,
    hostRefusal: host => {
      const name = plainHost(host)
      if (name === undefined) return `${JSON.stringify(host)} is no host name and no IP address`
      return isIP(name) === 0 ? undefined : addressRefusal(name)
    },
  }
}

/** Private and public addresses are what networks are made of; everything else is special. */
const isOrdinary = ({ word }: AddressKind): boolean => word === 'private' || word === 'public'

const isIn = (list: BlockList, address: string): boolean =>
  list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')

/** Whether a range lies within one of the kind's own. */
function isWithin(range: string, kind: AddressKind): boolean {
  const inner = readAddressRange(range)
  if (inner === undefined) return false
  return kind.ranges.some(own => {
    const outer = readAddressRange(own)
    return (
      outer?.family === inner.family &&
      inner.prefix >= outer.prefix &&
      listOf([own]).check(inner.address, inner.family)
    )
  })
}

/** A metadata service is told with the kind that its network would have. */
const labelOf = (address: string, kind: AddressKind): string =>
  address.startsWith('169.254.') && kind.word === undefined
    ? `link-local and ${kind.label}`
    : kind.label

/** The host as every parser of URLs will read it: `0x7f.1`, `2130706433` and wide digits are addresses too. */
function plainHost(host: string): string | undefined {
  if (isIP(host) !== 0) return plainAddress(host)
  if (!/^[^\s/\\?#@:[\]%]{1,253}$/u.test(host)) return undefined
  const url = URL.parse(`http://${host}`)
  return url === null || url.hostname === '' ? undefined : url.hostname
}

/** In the one spelling of its kind, without a zone, and an IPv4 address out of the IPv6 one that wraps it. */
function plainAddress(text: string): string | undefined {
  if (isIPv4(text)) return text
  const [address = ''] = text.split('%')
  const plain = URL.parse(`http://[${address}]`)?.hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain ?? '')
  if (mapped === null) return plain
  const number =
    Number.parseInt(mapped[1] ?? '', 16) * 65_536 + Number.parseInt(mapped[2] ?? '', 16)
  return [24, 16, 8, 0].map(shift => (number >>> shift) & 255).join('.')
}
