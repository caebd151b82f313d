// Process settings: what a router is started with. Policy is another thing and lives in documents.
// One list gives the command's flags, the variables, the defaults and the reference page.
import { readFileSync } from 'node:fs'
import { LONGEST_DURATION_MS, parseDuration } from './duration.ts'

export interface Setting {
  /** Long flag of `ringmain router`, without the dashes. */
  readonly flag: string
  readonly env: `RINGMAIN_${string}`
  readonly kind:
    | 'text'
    | 'list'
    | 'urls'
    | 'choice'
    | 'port'
    | 'count'
    | 'bytes'
    | 'duration'
    | 'secret'
  /** The words of a choice. */
  readonly choices?: readonly string[]
  readonly placeholder: string
  readonly fallback?: string
  readonly says: string
}

export const routerSettings = {
  policies: {
    flag: 'policies',
    env: 'RINGMAIN_POLICIES',
    kind: 'text',
    placeholder: 'DIR',
    says: 'Folder of policy documents; watched.',
  },
  host: {
    flag: 'host',
    env: 'RINGMAIN_HOST',
    kind: 'text',
    placeholder: 'ADDRESS',
    fallback: '127.0.0.1',
    says: 'Address of the MCP listener.',
  },
  adminHost: {
    flag: 'admin-host',
    env: 'RINGMAIN_ADMIN_HOST',
    kind: 'text',
    placeholder: 'ADDRESS',
    fallback: '127.0.0.1',
    says: 'Address of the admin listener.',
  },
  exposeWithoutAuth: {
    flag: 'expose-without-auth',
    env: 'RINGMAIN_EXPOSE_WITHOUT_AUTH',
    kind: 'choice',
    choices: ['yes', 'no'],
    placeholder: 'yes|no',
    fallback: 'no',
    says: 'yes: listen beyond loopback although callers are not authenticated; something in front must do that.',
  },
  port: {
    flag: 'port',
    env: 'RINGMAIN_PORT',
    kind: 'port',
    placeholder: 'N',
    fallback: '7400',
    says: 'Port of the MCP listener; 0 picks a free one.',
  },
  adminPort: {
    flag: 'admin-port',
    env: 'RINGMAIN_ADMIN_PORT',
    kind: 'port',
    placeholder: 'N',
    fallback: '7402',
    says: 'Port of the admin listener; 0 picks a free one.',
  },
  state: {
    flag: 'state',
    env: 'RINGMAIN_STATE',
    kind: 'text',
    placeholder: 'DIR',
    fallback: '.ringmain',
    says: 'Folder for what outlives a restart: last good sets, session key.',
  },
  consul: {
    flag: 'consul',
    env: 'RINGMAIN_CONSUL',
    kind: 'urls',
    placeholder: 'URL,…',
    fallback: 'http://127.0.0.1:8500',
    says: 'Consul agents to ask, in order of preference.',
  },
  consulToken: {
    flag: 'consul-token',
    env: 'RINGMAIN_CONSUL_TOKEN',
    kind: 'secret',
    placeholder: 'TOKEN',
    says: 'ACL token for Consul; needs service:read and node:read. Better given as RINGMAIN_CONSUL_TOKEN_FILE.',
  },
  sessionKey: {
    flag: 'session-key',
    env: 'RINGMAIN_SESSION_KEY',
    kind: 'secret',
    placeholder: 'BASE64',
    says: '32 bytes that seal session ids and cursors; made and kept in the state folder when absent. Routers behind one address must share it.',
  },
  allowHosts: {
    flag: 'allow-hosts',
    env: 'RINGMAIN_ALLOW_HOSTS',
    kind: 'list',
    placeholder: 'NAME,…',
    fallback: 'localhost,127.0.0.1,::1',
    says: 'Host header names that are served, without the port.',
  },
  allowOrigins: {
    flag: 'allow-origins',
    env: 'RINGMAIN_ALLOW_ORIGINS',
    kind: 'list',
    placeholder: 'ORIGIN,…',
    fallback: '',
    says: 'Origins that browsers may call from, besides those of the allowed hosts.',
  },
  maxBody: {
    flag: 'max-body',
    env: 'RINGMAIN_MAX_BODY',
    kind: 'bytes',
    placeholder: 'BYTES',
    fallback: '4194304',
    says: 'Largest request body.',
  },
  maxConnections: {
    flag: 'max-connections',
    env: 'RINGMAIN_MAX_CONNECTIONS',
    kind: 'count',
    placeholder: 'N',
    fallback: '10000',
    says: 'Most connections of callers at once.',
  },
  maxConnectionsPerAddress: {
    flag: 'max-connections-per-address',
    env: 'RINGMAIN_MAX_CONNECTIONS_PER_ADDRESS',
    kind: 'count',
    placeholder: 'N',
    fallback: '5000',
    says: 'Most of them from one address, so that one caller cannot take them all. Behind a proxy every caller has its address.',
  },
  headersTimeout: {
    flag: 'headers-timeout',
    env: 'RINGMAIN_HEADERS_TIMEOUT',
    kind: 'duration',
    placeholder: 'TIME',
    fallback: '5s',
    says: 'How long a caller may take to send its headers.',
  },
  requestTimeout: {
    flag: 'request-timeout',
    env: 'RINGMAIN_REQUEST_TIMEOUT',
    kind: 'duration',
    placeholder: 'TIME',
    fallback: '30s',
    says: 'How long a caller may take to send a whole request.',
  },
  writeTimeout: {
    flag: 'write-timeout',
    env: 'RINGMAIN_WRITE_TIMEOUT',
    kind: 'duration',
    placeholder: 'TIME',
    fallback: '30s',
    says: 'How long a caller may take to read what is waiting for it; then its connection is cut.',
  },
  drain: {
    flag: 'drain',
    env: 'RINGMAIN_DRAIN',
    kind: 'duration',
    placeholder: 'TIME',
    fallback: '60s',
    says: 'How long calls in flight may take to finish after SIGTERM.',
  },
  logLevel: {
    flag: 'log-level',
    env: 'RINGMAIN_LOG_LEVEL',
    kind: 'choice',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    placeholder: 'LEVEL',
    fallback: 'info',
    says: 'Least severe lines that are logged: trace, debug, info, warn, error or silent.',
  },
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof routerSettings

type Parsed<K extends Setting['kind']> = K extends 'list' | 'urls'
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
  list: 'words with commas between them',
  urls: 'http or https URLs without a user name, a password or a query, with commas between them',
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
    case 'choice':
      return choices?.includes(text) ? text : undefined
    case 'list':
      return words(text)
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

function wholeNumber(text: string, least: number, most: number): number | undefined {
  if (!/^[0-9]{1,10}$/.test(text)) return undefined
  const value = Number(text)
  return value >= least && value <= most ? value : undefined
}
