// Calls whose headers say what the body says, or do not: every header, every spelling, every kind of value.
import {
  BOOLEANS,
  type Combination,
  HEADERS,
  INTEGERS,
  ODD,
  param,
  paramOf,
  sentinel,
  spellings,
  type Verdict,
} from './spellings.ts'

const standard = (): Combination[] =>
  (
    [
      ['mcp-method', 'tools/call'],
      ['mcp-name', 'tools__echo'],
      ['mcp-protocol-version', '2026-07-28'],
    ] as const
  ).flatMap(([header, value]) =>
    spellings(value).map(([what, text, verdict]): Combination => {
      // Only names and parameters may come in the sentinel.
      const isLiteral =
        header !== 'mcp-name' && verdict === 'accept' && text?.startsWith('=?') === true
      return {
        what: `${header} ${what}`,
        verdict: isLiteral ? 'mismatch' : verdict,
        headers: { [header]: text },
      }
    }),
  )

const params = (): Combination[] =>
  HEADERS.flatMap(header => [
    ...spellings('us-west1').map(
      ([what, text, verdict]): Combination => ({
        what: `${header} ${what}`,
        verdict,
        args: param(header, 'us-west1'),
        headers: { [header]: text },
        told: { [header]: 'us-west1' },
      }),
    ),
    ...ODD.flatMap((value): Combination[] => {
      const isPlain = value === '' || value === 'x'.repeat(3_000)
      const written = isPlain ? value : sentinel(value)
      const args = param(header, value)
      const told = { [header]: written }
      return [
        {
          what: `${header} for ${JSON.stringify(value.slice(0, 20))}`,
          verdict: 'accept',
          args,
          told,
          headers: { [header]: sentinel(value) },
        },
        {
          what: `${header} of another for ${JSON.stringify(value.slice(0, 20))}`,
          verdict: 'mismatch',
          args,
          headers: { [header]: sentinel(`${value}.`) },
        },
        {
          what: `${header} missing for ${JSON.stringify(value.slice(0, 20))}`,
          verdict: 'mismatch',
          args,
          headers: {},
        },
      ]
    }),
    ...[
      '{}',
      '{"where":{}}',
      '{"region":null}',
      '{"where":null}',
      '{"where":{"zone":null}}',
      '{"where":"x"}',
      'null',
    ].flatMap((args): Combination[] => [
      { what: `${header} for ${args}`, verdict: 'mismatch', args, headers: { [header]: 'x' } },
      { what: `no ${header} for ${args}`, verdict: 'accept', args, told: { [header]: undefined } },
    ]),
    ...['5', '5.5', 'true'].flatMap((json): Combination[] => {
      const args = paramOf(header, json)
      const what = `${header} for ${args}`
      return [
        { what: `no ${what}`, verdict: 'mismatch', args },
        { what: `another ${what}`, verdict: 'mismatch', args, headers: { [header]: 'x' } },
        { what, verdict: 'accept', args, headers: { [header]: json }, told: { [header]: json } },
      ]
    }),
    ...['[]', '["us-west1"]', '{}', '{"zone":"us-west1"}', '9007199254740993'].flatMap(json =>
      [undefined, json, 'us-west1'].map((text): Combination => {
        const args = paramOf(header, json)
        return {
          what: `${header} ${text} for ${args}`,
          verdict: 'mismatch',
          args,
          headers: { [header]: text },
        }
      }),
    ),
  ])

const typed = (): Combination[] =>
  (
    [
      ['count', 'mcp-param-count', INTEGERS],
      ['dry', 'mcp-param-dry-run', BOOLEANS],
    ] as const
  ).flatMap(([key, header, rows]) =>
    rows.map(
      ([json, text, verdict]): Combination => ({
        what: `${header} ${text} for ${json}`,
        verdict,
        args: `{"${key}":${json}}`,
        headers: { [header]: text },
        ...(verdict === 'accept' && text !== undefined
          ? { told: { [header]: String(JSON.parse(json)) } }
          : {}),
      }),
    ),
  )

const unknown = (): Combination[] =>
  [
    'mcp-param-other',
    'mcp-param-free',
    'mcp-param-',
    'mcp-param-where',
    'mcp-param-region-x',
    'mcp-paramregion',
    'mcp-x',
  ].flatMap(header =>
    ['x', 'us-west1', sentinel('é')].map(
      (text): Combination => ({
        what: `${header}, which mirrors nothing: ${text}`,
        verdict: 'accept',
        args: '{"free":"x"}',
        headers: { [header]: text },
        told: { [header]: undefined },
      }),
    ),
  )

const versions = (): Combination[] =>
  [
    '2025-11-25',
    '2025-06-18',
    '2025-03-26',
    '2024-11-05',
    '2026-07-27',
    '2099-01-01',
    '2026-07-28 ',
    'latest',
    '0',
  ].map(text => ({
    what: `version header ${JSON.stringify(text)}`,
    verdict: text.trim() === '2026-07-28' ? 'accept' : 'mismatch',
    headers: { 'mcp-protocol-version': text },
  }))

const names = (): Combination[] =>
  [
    'tools__echo',
    'tools__fail',
    'tools__none',
    'echo',
    'TOOLS__ECHO',
    'tools__echo\u0000',
    'tools__écho',
  ].flatMap(name =>
    ['tools__echo', 'echo', 'tools__fail', sentinel('tools__echo'), sentinel(name)].map(
      (text): Combination => {
        const said =
          text === sentinel(name) ? name : text === sentinel('tools__echo') ? 'tools__echo' : text
        return {
          what: `name ${JSON.stringify(name)} under Mcp-Name ${text}`,
          verdict: said !== name ? 'mismatch' : name === 'tools__echo' ? 'accept' : 'unknown',
          name,
          headers: { 'mcp-name': text },
        }
      },
    ),
  )

/** Every name that a tool may choose can be sent and is checked, one with an underscore too. */
const oddNames = (): Combination[] =>
  (
    [
      ['user', 'mcp-param-user_id'],
      ['odd', "mcp-param-!#$%&'*+.^_`|~-9z"],
    ] as const
  ).flatMap(([key, header]): Combination[] => {
    const args = `{"${key}":"u1"}`
    const twin = header.replaceAll('_', '-')
    const other = { [header]: undefined, [twin]: 'u1' }
    const headers = { [header]: 'u1' }
    return [
      { what: header, verdict: 'accept', args, headers, told: headers },
      { what: `no ${header}`, verdict: 'mismatch', args },
      { what: `${header} of another`, verdict: 'mismatch', args, headers: { [header]: 'u2' } },
      { what: `${twin} for ${header}`, verdict: 'mismatch', args, headers: other },
      { what: `${twin} beside it`, verdict: 'refuse', args, headers: { ...headers, [twin]: 'u1' } },
    ]
  })

/** The longest value that is read, and one more. */
const longest = (): Combination[] =>
  HEADERS.flatMap(header =>
    ([8_192, 8_193] as const).map((length): Combination => {
      const value = 'x'.repeat(length)
      return {
        what: `${header} of ${length} characters, as its argument`,
        verdict: length === 8_192 ? 'accept' : 'mismatch',
        args: param(header, value),
        headers: { [header]: value },
      }
    }),
  )

/** Of a tool that the router does not know it can tell only what no server could read. */
const ofUnknownTools = (): Combination[] =>
  (
    [
      ['x', 'unknown'],
      [sentinel('é'), 'unknown'],
      ['x'.repeat(8_192), 'unknown'],
      ['x'.repeat(8_193), 'mismatch'],
      ['=?base64?eA?=', 'mismatch'],
      ['=?base64?/w==?=', 'mismatch'],
    ] as const
  ).map(
    ([text, verdict]): Combination => ({
      what: `mcp-param-x ${text.slice(0, 20)} for a tool that is not known`,
      verdict,
      name: 'tools__none',
      args: '{"x":"x"}',
      headers: { 'mcp-name': 'tools__none', 'mcp-param-x': text },
    }),
  )

/** Each header once more, in ways that another parser might take for it; and in another case, which is the same header. */
const again = (): Combination[] =>
  (
    [
      ['mcp-protocol-version', '2026-07-28'],
      ['mcp-method', 'tools/call'],
      ['mcp-name', 'tools__echo'],
      ['mcp-param-region', 'eu'],
      ['mcp-param-other', 'x'],
      ['content-type', 'application/json'],
    ] as const
  ).flatMap(([header, value]) => {
    const once = header.startsWith('mcp-param') ? { [header]: value } : {}
    const args = header === 'mcp-param-region' ? '{"region":"eu"}' : '{}'
    const sent = (what: string, verdict: Verdict, lines: string): Combination => ({
      what: `${header} ${what}`,
      verdict,
      args,
      headers: once,
      lines,
    })
    return [
      sent('twice', 'refuse', `${header}: ${value}\r\n`),
      sent('twice, in upper case', 'refuse', `${header.toUpperCase()}: ${value}\r\n`),
      sent('twice, with another value', 'refuse', `${header}: other\r\n`),
      sent('with underscores beside it', 'refuse', `${header.replaceAll('-', '_')}: other\r\n`),
      sent('named by Connection', 'refuse', `connection: keep-alive, ${header}\r\n`),
      {
        ...sent('in upper case', 'accept', `${header.toUpperCase()}: ${value}\r\n`),
        headers: { [header]: undefined },
      },
    ]
  })

export const COMBINATIONS: readonly Combination[] = [
  ...standard(),
  ...params(),
  ...typed(),
  ...unknown(),
  ...versions(),
  ...names(),
  ...oddNames(),
  ...longest(),
  ...ofUnknownTools(),
  ...again(),
]
