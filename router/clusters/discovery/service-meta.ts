// Reads the `rm-…` keys that a replica registers about itself. They are hints: a replica can claim anything,
// so nothing here may raise what it is trusted with, and nothing malformed may take it out.
import { ERAS, type Era } from '#routes/route-table.ts'
import type { Instance } from './instance.ts'

export interface ServiceMeta {
  readonly isDraining: boolean
  readonly hints: Pick<
    Instance,
    'path' | 'zone' | 'region' | 'node' | 'concurrency' | 'eras' | 'claims'
  >
}

/** The first revision of the modern era; revisions are dates and compare as text. */
const FIRST_MODERN = '2026-07-28'

/** Kept as they are: policy and identity decide what a claim is worth. */
const CLAIMS = 'app att class-max cost id idem tenant tools-rev vendor'.split(' ')
const PLACES = ['node', 'zone', 'region'] as const
const KNOWN: ReadonlySet<string> = new Set(
  ['v', 'eras', 'proto', 'path', ...PLACES, 'conc', 'drain', ...CLAIMS].map(name => `rm-${name}`),
)

export type ReadMeta = (meta: unknown, note: (says: string) => void) => ServiceMeta

/** Replicas of one service say much the same: so many different ones are read once. */
const MOST_REMEMBERED = 64

/** For the entries of one answer; what two of them say alike they share. */
export function createMetaReader(): ReadMeta {
  const known = new Map<string, { readonly read: ServiceMeta; readonly says: readonly string[] }>()
  return (meta, note) => {
    const text = JSON.stringify(meta) ?? ''
    let one = known.get(text)
    if (one === undefined) {
      const says: string[] = []
      one = { read: readServiceMeta(meta, said => void says.push(said)), says }
      if (known.size < MOST_REMEMBERED) known.set(text, one)
    }
    for (const said of one.says) note(said)
    return one.read
  }
}

export function readServiceMeta(meta: unknown, note: (says: string) => void): ServiceMeta {
  const entries = typeof meta === 'object' && meta !== null ? Object.entries(meta) : []
  const texts = new Map<string, string>()
  for (const [key, value] of entries) {
    if (!key.startsWith('rm-')) continue
    if (!KNOWN.has(key)) note(`meta ${key.slice(0, 40)} is not a known key and is ignored`)
    else if (typeof value === 'string') texts.set(key, value.trim())
  }
  const read = <T>(key: string, parse: (text: string) => T | undefined): T | undefined => {
    const text = texts.get(key)
    if (text === undefined || text === '') return undefined
    const value = parse(text)
    if (value === undefined)
      note(`meta ${key} is malformed and is ignored: ${JSON.stringify(text.slice(0, 60))}`)
    return value
  }
  read('rm-v', text => (text === '1' ? text : undefined))
  const path = read('rm-path', pathOf)
  const [node, zone, region] = PLACES.map(name => read(`rm-${name}`, placeOf))
  const concurrency = read('rm-conc', text =>
    /^[1-9][0-9]{0,5}$/.test(text) ? Number(text) : undefined,
  )
  const protocols = read('rm-proto', erasOfProtocols)
  const eras = read('rm-eras', erasOf) ?? protocols
  const claims = claimsIn(texts)
  const hints = {
    ...(claims === undefined ? {} : { claims }),
    ...(path === undefined ? {} : { path }),
    ...(node === undefined ? {} : { node }),
    ...(zone === undefined ? {} : { zone }),
    ...(region === undefined ? {} : { region }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(eras === undefined ? {} : { eras }),
  }
  return { isDraining: read('rm-drain', drainOf) ?? false, hints }
}

/** Without a query or a second slash at the start, either of which would lead somewhere else. */
function pathOf(text: string): string | undefined {
  return /^\/(?!\/)[\x21-\x7e]*$/.test(text) && !/[?#\\]/.test(text) ? text : undefined
}

const placeOf = (text: string): string | undefined =>
  /^[\w.-]{1,63}$/.test(text) ? text : undefined

function drainOf(text: string): boolean | undefined {
  if (text === '1' || text === 'true') return true
  return text === '0' || text === 'false' ? false : undefined
}

function erasOf(text: string): readonly Era[] | undefined {
  const words = text.split(',').map(word => word.trim())
  if (!words.every(word => ERAS.some(era => era === word))) return undefined
  return ERAS.filter(era => words.includes(era))
}

function erasOfProtocols(text: string): readonly Era[] | undefined {
  const revisions = text.split(',').map(word => word.trim())
  if (!revisions.every(revision => /^\d{4}-\d{2}-\d{2}$/.test(revision))) return undefined
  const isModern = (revision: string) => revision >= FIRST_MODERN
  return ERAS.filter(era => revisions.some(revision => isModern(revision) === (era === 'modern')))
}

/** Consul allows 512 bytes a value; another source of meta gets no more. */
const CLAIM_CHARS = 512

function claimsIn(texts: ReadonlyMap<string, string>): Instance['claims'] {
  const found = CLAIMS.flatMap(name => {
    const text = texts.get(`rm-${name}`) ?? ''
    return text === '' ? [] : [[name, text.slice(0, CLAIM_CHARS)] as const]
  })
  return found.length === 0 ? undefined : Object.fromEntries(found)
}
