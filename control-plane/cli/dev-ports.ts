// Ports: whether one is free, and any that is. Between the look and the use another program may take it;
// who listens then says so itself.
import { type AddressInfo, createServer } from 'node:net'
import { EXIT, Failure } from './failure.ts'

const HOST = '127.0.0.1'

export interface WantedPort {
  readonly port: string
  readonly flag: string
  readonly env: string
}

/** Says which port is taken by its number, its flag and its variable, before anything has been started. */
export async function mustBeFree(wanted: readonly WantedPort[]): Promise<void> {
  for (const { port, flag, env } of wanted) {
    if (!/^[0-9]{1,5}$/.test(port) || Number(port) > 65_535) {
      throw new Failure(EXIT.usage, {
        code: 'usage',
        what: `${flag} must be a whole number from 0 to 65535, got ${JSON.stringify(port)}`,
        next: `${flag} 0 picks a free one`,
      })
    }
    if (await isFree(Number(port))) continue
    throw new Failure(EXIT.failed, {
      code: 'port_in_use',
      what: `port ${port} is in use`,
      where: `${HOST}:${port} (${flag}, or ${env})`,
      why: 'another program listens there, perhaps a router that was started before',
      next: `end that program, or choose another port: ${flag} 0 picks a free one`,
    })
  }
}

export async function isFree(port: number): Promise<boolean> {
  return (await bind(port)) !== undefined
}

/** Different ports, all free a moment ago; `wish` is taken first where it is free. */
export async function freePorts(count: number, wish?: number): Promise<readonly number[]> {
  const ports = new Set<number>()
  if (wish !== undefined && (await isFree(wish))) ports.add(wish)
  while (ports.size < count) ports.add((await bind(0)) ?? 0)
  return [...ports]
}

/** The port that was bound for a moment; undefined when it could not be. */
function bind(port: number): Promise<number | undefined> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, HOST, () => {
      const bound = (server.address() as AddressInfo).port
      server.close(() => resolve(bound))
    })
  })
}
