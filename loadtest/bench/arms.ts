// The programs that are compared, each started alone on the core under test and asked once before it is measured.
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { type Child, type Children, firstMessage, untilAnswers } from './children.ts'
import { haproxy, nginxAnswer, nginxProxy, policies } from './configs.ts'
import { ANSWER, CALL, forged, headersFor, type Token } from './request.ts'
import type { ArmName } from './slices.ts'

export interface Arm {
  readonly name: ArmName
  readonly url: string
  readonly child: Child
}

export interface Bench {
  readonly root: string
  readonly folder: string
  readonly children: Children
  readonly token: Token
  readonly upstreamPort: number
}

/** More arguments for Node itself, before the program. */
type NodeFlags = readonly string[]

export async function startUpstream(bench: Omit<Bench, 'upstreamPort' | 'root'>): Promise<{
  readonly port: number
  readonly child: Child
}> {
  const port = await freePort()
  return { port, child: await startNginx(bench, 'upstream', nginxAnswer, { port, more: ANSWER }) }
}

export async function startArm(bench: Bench, name: ArmName, flags: NodeFlags = []): Promise<Arm> {
  const arm = await start(bench, name, flags)
  await mustAnswer(arm, bench.token)
  return arm
}

async function start(bench: Bench, name: ArmName, flags: NodeFlags): Promise<Arm> {
  if (name === 'floor') return startFloor(bench, flags)
  if (name === 'router') return startRouter(bench, flags)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/mcp`
  if (name === 'direct')
    return { name, url, child: await startNginx(bench, name, nginxAnswer, { port, more: ANSWER }) }
  if (name === 'nginx')
    return {
      name,
      url,
      child: await startNginx(bench, name, nginxProxy, { port, more: bench.upstreamPort }),
    }
  return { name, url, child: await startHaproxy(bench, name, port) }
}

async function startNginx<More>(
  { children, folder }: Pick<Bench, 'children' | 'folder'>,
  name: string,
  config: (folder: string, port: number, more: More) => string,
  { port, more }: { readonly port: number; readonly more: More },
): Promise<Child> {
  const own = join(folder, `${name}-${port}`)
  mkdirSync(own)
  const file = join(own, 'nginx.conf')
  writeFileSync(file, config(own, port, more))
  const child = children.start({
    command: ['nginx', '-p', own, '-c', file],
    core: name === 'upstream' ? 'load' : 'underTest',
  })
  await untilAnswers(`http://127.0.0.1:${port}/`, child)
  return child
}

async function startHaproxy(bench: Bench, name: ArmName, port: number): Promise<Child> {
  const { folder, token, upstreamPort } = bench
  const file = join(folder, `haproxy-${port}.cfg`)
  const keyFile = join(folder, `key-${port}.pem`)
  if (name === 'haproxy+jwt') writeFileSync(keyFile, token.publicKeyPem)
  writeFileSync(file, haproxy(port, upstreamPort, name === 'haproxy+jwt' ? keyFile : undefined))
  const child = bench.children.start({ command: ['haproxy', '-db', '-f', file], core: 'underTest' })
  await untilAnswers(`http://127.0.0.1:${port}/`, child, () => true) // a 401 is as good a sign as any
  return child
}

async function startFloor({ root, children, upstreamPort }: Bench, flags: NodeFlags): Promise<Arm> {
  const child = children.start({
    command: [
      process.execPath,
      ...flags,
      join(root, 'loadtest/bench/floor-proxy.ts'),
      `http://127.0.0.1:${upstreamPort}`,
    ],
    core: 'underTest',
    isNode: true,
  })
  const { port } = await firstMessage(child, 'the floor')
  return { name: 'floor', url: `http://127.0.0.1:${String(port)}/mcp`, child }
}

async function startRouter(bench: Bench, flags: NodeFlags): Promise<Arm> {
  const own = join(bench.folder, `router-${await freePort()}`)
  mkdirSync(join(own, 'policies'), { recursive: true })
  writeFileSync(join(own, 'policies', 'bench.yaml'), policies(bench.upstreamPort))
  const child = bench.children.start({
    command: [process.execPath, ...flags, join(bench.root, 'router/main.ts')],
    core: 'underTest',
    isNode: true,
    env: {
      RINGMAIN_POLICIES: join(own, 'policies'),
      RINGMAIN_PORT: '0',
      RINGMAIN_ADMIN_PORT: '0',
      RINGMAIN_STATE: join(own, 'state'),
      RINGMAIN_DRAIN: '1s',
    },
  })
  const { mcp, admin } = await firstMessage(child, 'the router')
  await untilAnswers(`${String(admin)}/readyz`, child)
  return { name: 'router', url: String(mcp), child }
}

/** The right answer to the right token and, where tokens are verified, none to a wrong one: else the arm is not what it is called. */
async function mustAnswer({ name, url }: Arm, token: Token): Promise<void> {
  const ask = (jwt: string): Promise<Response> =>
    fetch(url, { method: 'POST', headers: headersFor(jwt), body: CALL })
  const answer = await ask(token.jwt)
  const text = await answer.text()
  if (answer.status !== 200 || text !== ANSWER)
    throw new Error(`${name} answered ${answer.status} where the call must pass: ${text}`)
  if (name !== 'haproxy+jwt') return
  const refusal = await ask(forged(token, Math.floor(Date.now() / 1_000)))
  await refusal.arrayBuffer()
  if (refusal.status !== 401)
    throw new Error(`${name} answered ${refusal.status} to a forged token; it must be 401`)
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
