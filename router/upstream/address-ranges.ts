// Every range of addresses that is not simply somebody's host on the internet, with what it is called. The narrower of two
// stands for what lies in both; an address in none of them is public.
import { BlockList, isIPv4 } from 'node:net'
import type { AddressWord } from '#routes/address-range.ts'

export interface AddressKind {
  /** In a sentence: `address 10.0.0.1 is private`. */
  readonly label: string
  /** The word that allows it. Without one only a range that lies within the kind's own does. */
  readonly word?: AddressWord
  readonly ranges: readonly string[]
}

/**
 * Where clouds answer to any of their machines with its credentials, or run it: AWS (instance, container, pod, its resolver),
 * Azure, Alibaba, Oracle, Google.
 */
const METADATA = [
  ['169.254.169.254/32', '169.254.169.253/32', '169.254.170.2/32', '169.254.170.23/32'],
  ['168.63.129.16/32', '100.100.100.200/32', '192.0.0.192/32'],
  ['fd00:ec2::254/128', 'fd00:ec2::253/128', 'fd00:ec2::23/128', 'fd20:ce::254/128'],
].flat()

/** In this order: the first that holds an address names it. */
const ADDRESS_KINDS: readonly AddressKind[] = [
  { label: "a cloud's metadata service", ranges: METADATA },
  { label: 'loopback', word: 'loopback', ranges: ['127.0.0.0/8', '::1/128'] },
  { label: 'unspecified', ranges: ['0.0.0.0/8', '::/128'] },
  { label: 'link-local', word: 'link-local', ranges: ['169.254.0.0/16', 'fe80::/10'] },
  {
    label: 'private',
    word: 'private',
    ranges: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'],
  },
  { label: 'broadcast', ranges: ['255.255.255.255/32'] },
  { label: 'multicast', ranges: ['224.0.0.0/4', 'ff00::/8'] },
  {
    label: 'for documentation',
    ranges: ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20'],
  },
  // These hold an IPv4 address that somebody else would unwrap: what they lead to cannot be judged from here.
  { label: 'NAT64', ranges: ['64:ff9b::/96', '64:ff9b:1::/48'] },
  { label: '6to4', ranges: ['2002::/16', '192.88.99.0/24'] },
  { label: 'Teredo', ranges: ['2001::/32'] },
  { label: 'IPv4 translated', ranges: ['::ffff:0:0:0/96', '::/96'] },
  {
    label: 'reserved',
    ranges: ['192.0.0.0/24', '198.18.0.0/15', '240.0.0.0/4', '2001::/23', '5f00::/16'],
  },
]

const UNASSIGNED: AddressKind = { label: 'reserved', ranges: ['::/0'] }
const PUBLIC: AddressKind = { label: 'public', word: 'public', ranges: ['0.0.0.0/0', '2000::/3'] }

const LISTS = ADDRESS_KINDS.map(kind => ({ kind, list: listOf(kind.ranges) }))
const GLOBAL = listOf(['2000::/3'])

/** The address must be one in plain form, and not IPv4 within IPv6. */
export function kindOf(address: string): AddressKind {
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  const special = LISTS.find(({ list }) => list.check(address, family))?.kind
  if (special !== undefined) return special
  return family === 'ipv4' || GLOBAL.check(address, family) ? PUBLIC : UNASSIGNED
}

export function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix = ''] = range.split('/')
    list.addSubnet(address, Number(prefix), isIPv4(address) ? 'ipv4' : 'ipv6')
  }
  return list
}
