// The reference page of refusals, from the catalogue: what each means, and whether the call may be sent again.
import { type RefusalShape, refusals } from '#foundation/refusals.ts'
import { markdownTable } from './table.ts'

const TRAVELS: Readonly<Record<RefusalShape['as'], string>> = {
  http: 'HTTP status with a JSON-RPC error',
  error: 'HTTP 200 with a JSON-RPC error',
  result: '`tools/call`: HTTP 200 with an `isError` result; other methods: a JSON-RPC error',
}

function again({ retry, executed }: RefusalShape): string {
  if (retry === 'after') return 'later'
  return executed === 'no' ? 'no: it would fail again' : 'no: it may run twice'
}

export function makeRefusalsPage(): string {
  const rows = Object.entries<RefusalShape>(refusals).map(([code, shape]) => [
    `\`${code}\``,
    String(shape.http),
    String(shape.jsonRpc),
    TRAVELS[shape.as],
    again(shape),
    shape.executed === 'no' ? 'no' : 'unknown',
    `\`${shape.reason}\``,
    shape.says,
  ])
  return `${[
    '<!-- Generated from foundation/refusals.ts; do not edit. -->',
    '# Refusals',
    'What Ringmain itself says no with. A tool that ran and failed is not here: its answer passes through as it came.',
    'Where the column "tool ran" says no, the tool did not run: the call never reached it, or its server turned it away in words that mean that. Where it says unknown, look before sending the call again.',
    'Codes are never reused. JSON-RPC numbers of our own lie outside -32768 to -32000, which JSON-RPC and MCP keep for themselves. `reason` is the label in metrics.',
    markdownTable(
      ['code', 'HTTP', 'JSON-RPC', 'travels as', 'send again', 'tool ran', 'reason', 'says'],
      rows,
    ),
  ].join('\n\n')}\n`
}
