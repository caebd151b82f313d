// The load generators' words, written and read: wrk at full speed, hey at a fixed rate.
import { CALL, headersFor } from './request.ts'

export interface Load {
  readonly calls: number
  readonly rps: number
  readonly p50Us: number
  readonly p99Us: number
  readonly errors: number
  readonly bytesPerCall: number
}

/**
 * wrk calls a status above 399 an error; what lies between is found by its length. The request is written here and not by wrk, which
 * walks its table of headers in an order that each process draws anew.
 */
export const wrkScript = (jwt: string): string =>
  [
    `local body = [[${CALL}]]`,
    'init = function()',
    '  local lines = {',
    '    "POST " .. wrk.path .. " HTTP/1.1",',
    '    "host: " .. wrk.host .. ":" .. wrk.port,',
    ...Object.entries(headersFor(jwt)).map(([name, value]) => `    "${name}: ${value}",`),
    '    "content-length: " .. #body,',
    '  }',
    '  local request = table.concat(lines, "\\r\\n") .. "\\r\\n\\r\\n" .. body',
    '  wrk.format = function() return request end',
    'end',
    'done = function(summary, latency)',
    '  local e = summary.errors',
    '  local bad = e.connect + e.read + e.write + e.status + e.timeout',
    '  io.write(string.format("calls=%d errors=%d us=%d p50=%f p99=%f bytes=%d\\n", summary.requests, bad,',
    '    summary.duration, latency:percentile(50), latency:percentile(99), summary.bytes))',
    'end',
    '',
  ].join('\n')

export function readWrk(text: string): Load {
  const report = /calls=(\d+) errors=(\d+) us=(\d+) p50=([\d.]+) p99=([\d.]+) bytes=(\d+)/.exec(
    text,
  )
  if (report === null) throw new Error(`wrk said nothing that can be read:\n${text}`)
  const [calls = 0, errors = 0, us = 1, p50Us = 0, p99Us = 0, bytes = 0] = report
    .slice(1)
    .map(Number)
  return {
    calls,
    errors,
    rps: (calls * 1e6) / us,
    p50Us,
    p99Us,
    bytesPerCall: bytes / Math.max(1, calls),
  }
}

/** hey tells seconds, and its bytes without headers. */
export function readHey(text: string): Load {
  const number = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? Number.NaN)
  const statuses = [...text.matchAll(/\[(\d{3})\]\s+(\d+) responses/g)].map(
    ([, status, count]) => [Number(status), Number(count)] as const,
  )
  const failed = [...text.matchAll(/^\s+\[(\d+)\]\s+(?!\d+ responses)/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  )
  const good = statuses.filter(([status]) => status >= 200 && status < 300)
  const calls = good.reduce((sum, [, count]) => sum + count, 0)
  const load = {
    calls,
    errors: statuses.reduce((sum, [, count]) => sum + count, 0) - calls + failed,
    rps: number(/Requests\/sec:\s+([\d.]+)/),
    p50Us: number(/50%+ in ([\d.]+) secs/) * 1e6,
    p99Us: number(/99%+ in ([\d.]+) secs/) * 1e6,
    bytesPerCall: number(/Size\/request:\s+([\d.]+) bytes/),
  }
  if (!Number.isFinite(load.rps) || !Number.isFinite(load.p99Us))
    throw new Error(`hey said nothing that can be read:\n${text}`)
  return load
}
