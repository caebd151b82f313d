// The many ways to write one IPv4 address as a host, and the IPv6 addresses that somebody on the way would unwrap to it.

export interface Spelling {
  readonly how: string
  readonly host: string
}

export function spellingsOf(address: string): readonly Spelling[] {
  const parts = address.split('.').map(Number) as [number, number, number, number]
  const [a, b, c, d] = parts
  const whole = ((a * 256 + b) * 256 + c) * 256 + d
  const hex = (number: number, width = 0): string => number.toString(16).padStart(width, '0')
  const [high, low] = [hex(a * 256 + b), hex(c * 256 + d)]
  const digits = (zero: number): string =>
    address.replaceAll(/[0-9]/g, digit => String.fromCodePoint(zero + Number(digit)))
  const ways: Readonly<Record<string, string>> = {
    plain: address,
    'one number': String(whole),
    'one hexadecimal number': `0x${hex(whole)}`,
    'one hexadecimal number, large letters': `0X${hex(whole, 8).toUpperCase()}`,
    'one octal number': `0${whole.toString(8)}`,
    'hexadecimal parts': parts.map(part => `0x${hex(part)}`).join('.'),
    'padded hexadecimal parts': parts.map(part => `0x${hex(part, 8)}`).join('.'),
    'octal parts': parts.map(part => `0${part.toString(8)}`).join('.'),
    'padded octal parts': parts.map(part => part.toString(8).padStart(6, '0')).join('.'),
    'two parts': `${a}.${(b * 256 + c) * 256 + d}`,
    'three parts': `${a}.${b}.${c * 256 + d}`,
    'mixed parts': `0x${hex(a)}.0${b.toString(8)}.${c * 256 + d}`,
    'a dot at the end': `${address}.`,
    'wide digits': digits(0xff10),
    'mathematical digits': digits(0x1d7ce),
    'wide dots': address.replaceAll('.', '\u3002'),
    'half-wide dots': address.replaceAll('.', '\uff61'),
    'wide full stops': address.replaceAll('.', '\uff0e'),
    'percent codes': address.replaceAll(/./g, one => `%${hex(one.charCodeAt(0))}`),
    'a soft hyphen': address.replace('.', '.\u00ad'),
    'a user before it': `tools@${address}`,
    'a path behind it': `${address}/tools`,
    'mapped, dotted': `::ffff:${address}`,
    'mapped, in groups': `::ffff:${high}:${low}`,
    'mapped, in full': `0:0:0:0:0:FFFF:${high}:${low}`,
    'mapped, in brackets': `[::ffff:${high}:${low}]`,
    compatible: `::${high}:${low}`,
    translated: `::ffff:0:${high}:${low}`,
    NAT64: `64:ff9b::${high}:${low}`,
    'NAT64, dotted': `64:ff9b::${address}`,
    'NAT64 of its own network': `64:ff9b:1::${high}:${low}`,
    '6to4': `2002:${high}:${low}::1`,
    Teredo: `2001:0:4136:e378:8000:63bf:${hex(0xffff - (a * 256 + b))}:${hex(0xffff - (c * 256 + d))}`,
  }
  return Object.entries(ways).map(([how, host]) => ({ how, host }))
}
