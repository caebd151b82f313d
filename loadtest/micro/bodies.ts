// Tool calls of four sizes, as assistants write them: many small values, not one long string, which every scanner flies over.

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

const item = (index: number): object => ({
  id: index,
  title: `Expense report number ${index}`,
  amount: index * 1.25,
  isApproved: index % 2 === 0,
  tags: ['travel', 'train'],
})

/** At least so many bytes, with the plain search of a small call first. */
export function callOf(bytes: number): Buffer {
  const items: object[] = []
  const text = (): string =>
    JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name: 'search',
        arguments: { query: 'travel policy', limit: 5, ...(items.length === 0 ? {} : { items }) },
        _meta: META,
      },
    })
  const perItem = JSON.stringify(item(100)).length
  while (text().length + perItem / 2 < bytes) items.push(item(items.length))
  return Buffer.from(text())
}

export const SIZES: readonly (readonly [name: string, bytes: number])[] = [
  ['340 B', 340],
  ['1 KB', 1_024],
  ['7 KB', 7_168],
  ['72 KB', 73_728],
]

/** Headers of such a call, as Node's parser gives them. */
export const HEADERS: Readonly<Record<string, string>> = {
  host: '127.0.0.1:7400',
  authorization: `Bearer ${'x'.repeat(450)}`,
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'content-length': '340',
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': 'search',
}
