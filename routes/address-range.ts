// What `addresses.allow` may hold: words for kinds of address, and ranges of them. Only read here: which address is of which
// kind, and what a range reaches, is the router's to judge when it connects.

/** Kinds that a word allows. Any other kind of address needs a range of its own. */
export const ADDRESS_WORDS = ['loopback', 'private', 'public', 'link-local'] as const
export type AddressWord = (typeof ADDRESS_WORDS)[number]

export interface AddressRange {
  readonly family: 'ipv4' | 'ipv6'
  readonly address: string
  readonly prefix: number
}

const V4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/
const RANGE = /^([0-9A-Fa-f.:]{2,45})\/(0|[1-9][0-9]{0,2})$/

/** A range in the form `10.20.0.0/16` or `fd00::/8`; undefined when the text is none. */
export function readAddressRange(text: string): AddressRange | undefined {
  const [, address = '', digits = ''] = RANGE.exec(text) ?? []
  const prefix = Number(digits)
  if (V4.test(address)) return prefix <= 32 ? { family: 'ipv4', address, prefix } : undefined
  if (!address.includes(':') || !URL.canParse(`http://[${address}]`)) return undefined
  return prefix <= 128 ? { family: 'ipv6', address, prefix } : undefined
}

export const isAddressRule = (text: string): boolean =>
  ADDRESS_WORDS.some(word => word === text) || readAddressRange(text) !== undefined

/** Less than this of an address is no range of anybody's own. */
const LEAST_PREFIX = { ipv4: 8, ipv6: 16 } as const

/** What a reader of the document should know of a range that can be read; undefined when there is nothing odd. */
export function oddRange(text: string): string | undefined {
  const range = readAddressRange(text)
  if (range === undefined) return undefined
  const { family, address, prefix } = range
  if (family === 'ipv6' && /^::ffff:/i.test(address))
    return 'is IPv4 written as IPv6 and allows nothing, since such an address is judged as IPv4; write the range as IPv4'
  if (prefix < LEAST_PREFIX[family])
    return `allows every private and public ${family === 'ipv4' ? 'IPv4' : 'IPv6'} address within it, which is hardly a range of your own; name the networks that the replicas are in`
  if (hasHostBits(range))
    return `has bits beyond its first ${prefix}, which say nothing: only the first ${prefix} count`
  return undefined
}

function hasHostBits({ family, address, prefix }: AddressRange): boolean {
  const groups = family === 'ipv4' ? address.split('.').map(Number) : wideGroups(address)
  const width = family === 'ipv4' ? 8 : 16
  return groups.some((group, index) => {
    const counted = Math.min(width, Math.max(0, prefix - index * width))
    return (group & (2 ** (width - counted) - 1)) !== 0
  })
}

/** The eight groups of an IPv6 address. */
function wideGroups(address: string): number[] {
  const [head = '', tail = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groupsOf = (text: string): number[] =>
    text === '' ? [] : text.split(':').map(group => Number.parseInt(group, 16))
  const [first, last] = [groupsOf(head), groupsOf(tail)]
  return [...first, ...Array<number>(Math.max(0, 8 - first.length - last.length)).fill(0), ...last]
}
