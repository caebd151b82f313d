// Real haproxy and nginx in front of one port, to see whether they read the same requests that were sent. Each in a process of
// its own that ends with `close`.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { until } from './until.ts'

export type CoParserName = 'haproxy' | 'nginx'

export interface CoParser {
  readonly port: number
  readonly close: () => Promise<void>
}

export async function startCoParser(
  name: CoParserName,
  bin: string,
  to: number,
): Promise<CoParser> {
  const folder = mkdtempSync(join(tmpdir(), `ringmain-${name}-`))
  const port = await freePort()
  const file = join(folder, `${name}.conf`)
  writeFileSync(file, name === 'haproxy' ? haproxy(port, to) : nginx(port, to, folder))
  const args = name === 'haproxy' ? ['-db', '-f', file] : ['-p', folder, '-c', file]
  const child = spawn(bin, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-2_000)
  })
  const close = async (): Promise<void> => {
    await end(child)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await until(`${name} to listen`, () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${said}`)
      return isListening(port)
    })
  } catch (error) {
    await close()
    throw error
  }
  return { port, close }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

const isListening = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

const haproxy = (port: number, to: number): string => `global
  nbthread 1
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  option http-keep-alive
  http-reuse always
listen tools
  bind 127.0.0.1:${port}
  server one 127.0.0.1:${to}
`

const nginx = (port: number, to: number, folder: string): string => `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 512; }
http {
  access_log off;
  client_max_body_size 32m;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  upstream tools { server 127.0.0.1:${to}; keepalive 16; }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 100000;
    location / {
      proxy_pass http://tools;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_buffering off;
      proxy_next_upstream off;
    }
  }
}
`
