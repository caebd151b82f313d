// Ways to write a value into a header, and whether they say what the body says (2026-07-28, transports, Value Encoding).

/**
 * `accept`: runs. `mismatch`: 400 and -32020. `refuse`: 400 and -32600 before the comparison. `unreadable`: 400 and nothing more,
 * from the HTTP parser. `unknown`: headers and body agree on a tool that nobody has, which is told over 200 as -32602.
 */
export type Verdict = 'accept' | 'mismatch' | 'refuse' | 'unreadable' | 'unknown'

export interface Combination {
  readonly what: string
  readonly verdict: Verdict
  /** Headers beside the right ones; `undefined` takes one away. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly args?: string
  readonly name?: string
  /** Header lines on top, each with its end. */
  readonly lines?: string
  /** What the tool must be told, where it is told anything. */
  readonly told?: Readonly<Record<string, string | undefined>>
}

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')
export const sentinel = (text: string): string => `=?base64?${base64(text)}?=`

/** Ways to write one string value in a header, and whether they say it. `plain` has no need of the sentinel. */
export const spellings = (
  value: string,
): ReadonlyArray<readonly [string, string | undefined, Verdict]> => [
  ['as it is', value, 'accept'],
  ['behind white space', ` \t${value}\t `, 'accept'],
  ['in the sentinel without need', sentinel(value), 'accept'],
  ['missing', undefined, 'mismatch'],
  ['empty', '', 'mismatch'],
  ['in another case', value.toUpperCase(), value.toUpperCase() === value ? 'accept' : 'mismatch'],
  ['another value', `${value}x`, 'mismatch'],
  ['cut', value.slice(0, -1), 'mismatch'],
  ['a list of it twice', `${value}, ${value}`, 'mismatch'],
  ['in quotes', `"${value}"`, 'mismatch'],
  [
    'percent-encoded',
    value.replace(/^./, letter => `%${letter.charCodeAt(0).toString(16)}`),
    'mismatch',
  ],
  ['the sentinel of another', sentinel(`${value}x`), 'mismatch'],
  ['the sentinel of the sentinel', sentinel(sentinel(value)), 'mismatch'],
  ['the sentinel in upper case', `=?BASE64?${base64(value)}?=`, 'mismatch'],
  ['the sentinel without its end', `=?base64?${base64(value)}`, 'mismatch'],
  ['the sentinel without its start', `${base64(value)}?=`, 'mismatch'],
  ['the sentinel with nothing in it', '=?base64??=', 'mismatch'],
  [
    'the sentinel without padding',
    `=?base64?${base64(`${value}!`).replaceAll('=', '')}x?=`,
    'mismatch',
  ],
  ['the sentinel with too much padding', `=?base64?${base64(value)}==?=`, 'mismatch'],
  [
    'the sentinel with a space inside',
    `=?base64?${base64(value).slice(0, 2)} ${base64(value).slice(2)}?=`,
    'mismatch',
  ],
  [
    'the sentinel with a letter of the URL alphabet',
    `=?base64?${base64(value).slice(0, -1)}-?=`,
    'mismatch',
  ],
  ['the sentinel of Latin-1', '=?base64?6Q==?=', 'mismatch'],
  ['the sentinel of half a character', '=?base64?w6k=?=', 'mismatch'],
  ['the sentinel with another charset', `=?utf-8?B?${base64(value)}?=`, 'mismatch'],
  ['8 KB', 'x'.repeat(8_192), 'mismatch'],
  ['8 KB in the sentinel', `=?base64?${'QUFB'.repeat(2_000)}?=`, 'mismatch'],
  ['in Latin-1', `${value}\xe9`, 'refuse'],
  ['with an escape', `${value}\x1b[0m`, 'unreadable'],
  ['with a NUL', `${value}\0`, 'unreadable'],
  ['with a line feed', `${value}\nX-Evil: 1`, 'unreadable'],
  ['with a carriage return', `${value}\rX-Evil: 1`, 'unreadable'],
]

export const HEADERS = ['mcp-param-region', 'mcp-param-zone'] as const
/** Arguments with this value, as JSON, where the header mirrors it. */
export const paramOf = (header: string, json: string): string =>
  header === 'mcp-param-region' ? `{"region":${json}}` : `{"where":{"zone":${json}}}`
export const param = (header: string, value: string): string =>
  paramOf(header, JSON.stringify(value))

/** Strings that a header cannot hold as they are, and the one way to write them. */
export const ODD = [
  'Hello, 世界',
  ' padded ',
  'line1\nline2',
  '=?base64?literal?=',
  '\t',
  'é',
  'a\r\nX-Evil: 1',
  '\u0000',
  '😀',
  'x'.repeat(3_000),
  '=?base64??=',
  '',
]

export const INTEGERS: ReadonlyArray<readonly [string, string | undefined, Verdict]> = [
  ['42', '42', 'accept'],
  ['42', '42.0', 'accept'],
  ['42.0', '42', 'accept'],
  ['4.2e1', '42', 'accept'],
  ['42', sentinel('42'), 'accept'],
  ['-7', '-7', 'accept'],
  ['0', '0', 'accept'],
  ['9007199254740991', '9007199254740991', 'accept'],
  ['-9007199254740991', '-9007199254740991', 'accept'],
  ['42', undefined, 'mismatch'],
  ['42', '', 'mismatch'],
  ['42', '43', 'mismatch'],
  ['42', '-42', 'mismatch'],
  ['42', '042', 'mismatch'],
  ['42', '+42', 'mismatch'],
  ['42', '0x2a', 'mismatch'],
  ['42', '42.5', 'mismatch'],
  ['42', '42n', 'mismatch'],
  ['42', '"42"', 'mismatch'],
  ['42', '4 2', 'mismatch'],
  ['42', '42,42', 'mismatch'],
  ['42', 'forty-two', 'mismatch'],
  ['42', sentinel('43'), 'mismatch'],
  ['9007199254740991', '9007199254740993', 'mismatch'],
  ['9007199254740993', '9007199254740993', 'mismatch'],
  ['9007199254740993', '9007199254740992', 'mismatch'],
  ['9007199254740993', undefined, 'mismatch'],
  ['42', '41.99999999999999999', 'mismatch'],
  ['41.99999999999999999', '42', 'mismatch'],
  ['41.99999999999999999', undefined, 'mismatch'],
  ['42.5', '42.5', 'accept'],
  ['42.5', '42', 'mismatch'],
  ['42.5', undefined, 'mismatch'],
  ['"42"', '42', 'accept'],
  ['"42"', '42.0', 'mismatch'],
  ['"42"', undefined, 'mismatch'],
  ['true', 'true', 'accept'],
  ['true', undefined, 'mismatch'],
  ['[42]', undefined, 'mismatch'],
  ['null', undefined, 'accept'],
  ['null', 'null', 'mismatch'],
]

export const BOOLEANS: ReadonlyArray<readonly [string, string | undefined, Verdict]> = [
  ['true', 'true', 'accept'],
  ['false', 'false', 'accept'],
  ['true', sentinel('true'), 'accept'],
  ['true', undefined, 'mismatch'],
  ['true', 'false', 'mismatch'],
  ['false', 'true', 'mismatch'],
  ['true', 'True', 'mismatch'],
  ['true', 'TRUE', 'mismatch'],
  ['true', '1', 'mismatch'],
  ['true', 'yes', 'mismatch'],
  ['false', '0', 'mismatch'],
  ['false', '', 'mismatch'],
  ['"true"', 'true', 'accept'],
  ['"true"', undefined, 'mismatch'],
  ['1', '1', 'accept'],
  ['1', 'true', 'mismatch'],
  ['1', undefined, 'mismatch'],
  ['null', undefined, 'accept'],
]
