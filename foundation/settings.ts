// Reads the settings a router is started with from its environment: every problem at once, no value shown that may be a secret.
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { LONGEST_DURATION_MS, parseDuration } from './duration.ts'
import { routerSettings, type Setting } from './router-settings.ts'

export type SettingName = keyof typeof routerSettings

type Parsed<K extends Setting['kind']> = K extends 'hosts' | 'origins' | 'urls'
  ? readonly string[]
  : K extends 'port' | 'count' | 'bytes' | 'duration'
    ? number
    : string

/** Durations are milliseconds, sizes bytes. A setting without a default may be undefined. */
export type RouterSettings = {
  readonly [N in SettingName]: (typeof routerSettings)[N] extends { readonly fallback: string }
    ? Parsed<(typeof routerSettings)[N]['kind']>
    : Parsed<(typeof routerSettings)[N]['kind']> | undefined
}

export interface SettingProblem {
  readonly env: string
  readonly says: string
}

/** Reads every setting from the environment; reports all problems at once. An empty variable counts as absent. */
export function readRouterSettings(
  env: Readonly<Record<string, string | undefined>>,
): { readonly settings: RouterSettings } | { readonly problems: readonly SettingProblem[] } {
  const problems: SettingProblem[] = []
  const values: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries<Setting>(routerSettings)) {
    const text = rawValue(setting, env, problems) || setting.fallback
    if (text === undefined) continue
    const value = parse(setting, text)
    if (value === undefined)
      problems.push({
        env: setting.env,
        says: `expected ${expected(setting)}, got ${shown(setting, text)}`,
      })
    else values[name] = value
  }
  if (problems.length > 0) return { problems }
  return { settings: Object.freeze(values) as RouterSettings }
}

function rawValue(
  setting: Setting,
  env: Readonly<Record<string, string | undefined>>,
  problems: SettingProblem[],
): string | undefined {
  const file = env[`${setting.env}_FILE`]
  if (setting.kind !== 'secret' || !file) return env[setting.env]
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    problems.push({
      env: `${setting.env}_FILE`,
      says: `cannot be read: ${(error as Error).message}`,
    })
    return undefined
  }
}

const EXPECTED: Record<Exclude<Setting['kind'], 'choice'>, string> = {
  text: 'text',
  secret: 'text',
  hosts: 'host names and IP addresses without a port or brackets, with commas between them',
  origins:
    'origins as browsers write them, such as https://app.example:8443, with commas between them',
  urls: 'http or https URLs without a user name, a password or a query, with commas between them',
  host: 'a host name such as tools.internal, and no IP address',
  port: 'a whole number from 0 to 65535',
  count: 'a whole number from 1 to 1000000000',
  bytes: 'a whole number of bytes from 1 to 1000000000',
  duration: 'a duration above zero and up to 24h, such as 250ms, 3s, 5m or 1h',
}

function expected({ kind, choices = [] }: Setting): string {
  return kind === 'choice'
    ? `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`
    : EXPECTED[kind]
}

/** What stands before an `@` or after a `?` may be a password or a token, and problems are printed and kept. */
const shown = ({ kind }: Setting, text: string): string =>
  kind === 'urls' && /[@?#]/.test(text) ? 'one that may hold a secret' : JSON.stringify(text)

function parse({ kind, choices }: Setting, text: string): unknown {
  switch (kind) {
    case 'text':
    case 'secret':
      return text
    case 'host':
      return isHostName(text) ? text : undefined
    case 'choice':
      return choices?.includes(text) ? text : undefined
    case 'hosts': {
      const hosts = words(text)
      return hosts.length > 0 && hosts.every(isHostOfHeader) ? hosts : undefined
    }
    case 'origins': {
      const origins = words(text)
      return origins.every(isOrigin) ? origins : undefined
    }
    case 'urls': {
      const urls = words(text)
      return urls.length > 0 && urls.every(isPlainHttpUrl) ? urls : undefined
    }
    case 'duration': {
      const ms = parseDuration(text) ?? 0 // nothing would be no limit at all
      return ms > 0 && ms <= LONGEST_DURATION_MS ? ms : undefined
    }
    case 'port':
      return wholeNumber(text, 0, 65_535)
    case 'count':
    case 'bytes':
      return wholeNumber(text, 1, 1_000_000_000)
  }
}

const words = (text: string): readonly string[] =>
  Object.freeze(
    text
      .split(',')
      .map(word => word.trim())
      .filter(word => word !== ''),
  )

const isPlainHttpUrl = (text: string): boolean =>
  /^https?:\/\/[^/?#@\\\s]+(?:\/[^?#\\\s]*)?$/i.test(text) && URL.canParse(text)

/** One that no Host header could name would be no error, and serve nobody. */
const isHostOfHeader = (text: string): boolean => isIP(text) !== 0 || /^[a-z0-9._-]+$/i.test(text)

/** Of any scheme, since extensions have their own; nothing stands behind the host and its port, not even a slash. */
const isOrigin = (text: string): boolean =>
  /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@\\*]+$/i.test(text) && URL.canParse(text)

/** As TLS asks for it. */
const isHostName = (text: string): boolean =>
  text.length <= 253 &&
  isIP(text) === 0 &&
  /^[a-z0-9]+(?:[.-][a-z0-9]+|-{2,}[a-z0-9]+)*$/i.test(text)

function wholeNumber(text: string, least: number, most: number): number | undefined {
  if (!/^[0-9]{1,10}$/.test(text)) return undefined
  const value = Number(text)
  return value >= least && value <= most ? value : undefined
}
