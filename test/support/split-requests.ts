// Parts the bytes of one connection into requests by the strictest reading there is: one Content-Length, no codings. What
// cannot be read that way throws.
import type { ReadRequest } from './recording-replica.ts'

export interface SplitRequests {
  readonly requests: readonly ReadRequest[]
  /** Bytes after the last whole request. */
  readonly rest: number
}

export function splitRequests(bytes: Buffer): SplitRequests {
  const requests: ReadRequest[] = []
  let at = 0
  while (at < bytes.length) {
    const end = bytes.indexOf('\r\n\r\n', at)
    if (end === -1) break
    const [line = '', ...fields] = bytes.toString('latin1', at, end).split('\r\n')
    const { verb, target } = requestLine(line)
    const headers: Record<string, string> = {}
    for (const field of fields) {
      const [, name = '', value = ''] =
        /^([!#$%&'*+.^`|~0-9A-Za-z-]+): ([\t -~]*)$/.exec(field) ?? []
      if (name === '') throw new Error(`no header: ${JSON.stringify(field)}`)
      if (Object.hasOwn(headers, name.toLowerCase())) throw new Error(`${name} stands twice`)
      headers[name.toLowerCase()] = value
    }
    if (headers['transfer-encoding'] !== undefined) throw new Error('a transfer coding was sent')
    const length = lengthOf(verb, headers['content-length'])
    const next = end + 4 + length
    if (next > bytes.length) break
    requests.push({ verb, target, headers, body: bytes.subarray(end + 4, next) })
    at = next
  }
  return { requests, rest: bytes.length - at }
}

function requestLine(line: string): { readonly verb: string; readonly target: string } {
  const [, verb = '', target = ''] = /^(POST|DELETE|GET) (\/[!-~]*) HTTP\/1\.1$/.exec(line) ?? []
  if (verb === '') throw new Error(`no request line: ${JSON.stringify(line)}`)
  return { verb, target }
}

function lengthOf(verb: string, stated: string | undefined): number {
  if (stated === undefined && verb !== 'POST') return 0
  if (stated === undefined || !/^(?:0|[1-9][0-9]*)$/.test(stated))
    throw new Error(`${verb} with Content-Length ${String(stated)}`)
  return Number(stated)
}
