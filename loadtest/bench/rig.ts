// The machinery of a bench run: processes on their own core, wrk on the other, CPU from the kernel's own accounting.
import { type ChildProcess, execFile, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Arm {
  readonly name: string
  readonly url: string
  readonly pid: number
}

export interface Slice {
  readonly rps: number
  readonly p50Us: number
  readonly p99Us: number
  readonly errors: number
  readonly cpuUsPerCall: number
}

export const CORES = { load: '0', underTest: '1' } as const

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** nginx answers every POST with one fixed tool result: the upstream that costs least. */
export async function startUpstream(
  folder: string,
  answer: string,
): Promise<{ readonly port: number; readonly child: ChildProcess }> {
  const port = await freePort()
  await mkdir(folder, { recursive: true })
  const config = join(folder, 'nginx.conf')
  await writeFile(
    config,
    `worker_processes 1; daemon off; pid ${folder}/nginx.pid; error_log stderr crit;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; keepalive_timeout 600s; default_type application/json;
  client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c; uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
  server { listen 127.0.0.1:${port}; location / { return 200 '${answer}'; } } }`,
  )
  const child = spawn('taskset', ['-c', CORES.load, 'nginx', '-p', folder, '-c', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await reachable(port)
  return { port, child }
}

async function reachable(port: number): Promise<void> {
  for (let left = 100; left > 0; left -= 1) {
    const ok = await fetch(`http://127.0.0.1:${port}/`).then(
      response => response.ok,
      () => false,
    )
    if (ok) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`nothing answers on port ${port}`)
}

/** A Node program alone on the core under test; resolves with its first IPC message. */
export async function startNode(
  file: string,
  argv: readonly string[],
  env: Record<string, string>,
): Promise<{ readonly child: ChildProcess; readonly message: Record<string, unknown> }> {
  const child = fork(file, argv, {
    env: { ...process.env, ...env },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => [undefined]),
  ])) as [Record<string, unknown> | undefined]
  if (message === undefined) throw new Error(`${file} ended before it listened`)
  await run('taskset', ['-a', '-p', '-c', CORES.underTest, String(child.pid)])
  return { child, message }
}

/** Nanoseconds on the CPU of a process and all its threads. */
async function cpuNs(pid: number): Promise<number> {
  let total = 0
  for (const task of await readdir(`/proc/${pid}/task`)) {
    const text = await readFile(`/proc/${pid}/task/${task}/schedstat`, 'utf8').catch(() => '0') // a thread may have ended
    total += Number(text.split(' ')[0])
  }
  return total
}

export async function measure(
  arm: Arm,
  script: string,
  how: { readonly connections: number; readonly seconds: number },
): Promise<Slice> {
  const before = await cpuNs(arm.pid)
  const { stdout } = await run('taskset', [
    '-c',
    CORES.load,
    'wrk',
    '-t1',
    `-c${how.connections}`,
    `-d${how.seconds}s`,
    '--latency',
    '-s',
    script,
    arm.url,
  ])
  const spent = (await cpuNs(arm.pid)) - before
  const report = /calls=(\d+) errors=(\d+) us=(\d+) p50=([\d.]+) p99=([\d.]+)/.exec(stdout)
  if (report === null) throw new Error(`wrk said nothing that can be read:\n${stdout}`)
  const [calls = 0, errors = 0, us = 1, p50Us = 0, p99Us = 0] = report.slice(1).map(Number)
  return {
    rps: (calls * 1e6) / us,
    p50Us,
    p99Us,
    errors,
    cpuUsPerCall: spent / 1_000 / Math.max(1, calls),
  }
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
