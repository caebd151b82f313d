// A Consul agent inside the test process, for faults that a real one cannot be made to show. It answers
// `/v1/health/service/:name` and `/v1/status/leader` alone, and is held to what the real agent does by the discovery contract suite.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { entryOf, type FakeReplica } from './fake-consul-entry.ts'

export type { FakeReplica } from './fake-consul-entry.ts'

/** What happens to one answer instead of the proper one. */
export type ConsulFaultScript =
  | { readonly kind: 'status'; readonly status: number; readonly body?: string }
  | { readonly kind: 'index'; readonly index: string | undefined }
  | {
      readonly kind: 'body'
      readonly body: string
      readonly headers?: Readonly<Record<string, string>>
    }
  | {
      readonly kind: 'headers'
      readonly headers: Readonly<Record<string, string>>
      readonly isEmpty?: boolean
    }
  /** The proper answer, so much later. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** `hangs`: half of the answer, and no more. */
  | { readonly kind: 'cut' | 'hangs' | 'silent' | 'split' }
  /** Each answer has an index one below the last one. */
  | { readonly kind: 'backwards' }

export interface AskedRequest {
  readonly url: URL
  readonly index: string | null
  readonly token: string | undefined
}

export interface FakeConsul {
  readonly url: string
  /** For services; who leads is asked beside them. */
  readonly requests: readonly AskedRequest[]
  /** Resolves with the next request that comes in. */
  readonly nextRequest: () => Promise<AskedRequest>
  readonly register: (service: string, replica: FakeReplica) => void
  readonly deregister: (service: string, id: string) => void
  /** Many at once: one change. */
  readonly registerAll: (service: string, replicas: readonly FakeReplica[]) => void
  /** Checks run again and print something else, which changes nothing: a spurious wake-up for every watcher. */
  readonly touch: () => void
  /**
   * As a restore does: whatever hangs is answered. Behind the streaming backend of a real agent it hangs until its wait is
   * over, which is seen as an outage is.
   */
  readonly setIndex: (index: number) => void
  /** Every blocking query is answered at once with a moved index. */
  readonly churn: (isOn: boolean) => void
  /** The next answers are spoilt in this order, at once and without blocking. */
  readonly script: (...faults: readonly ConsulFaultScript[]) => void
  /** Whether it tells of a leader when it is asked for one. */
  readonly lead: (isLed: boolean) => void
  /** Every answer is spoilt like this until `undefined`. */
  readonly always: (fault: ConsulFaultScript | undefined) => void
  /** Ends every connection and takes no other until it is told to; the port stays the same. */
  readonly refuse: (isOn: boolean) => Promise<void>
  /** Connections that are open and were not turned away. */
  readonly connections: () => number
  readonly close: () => Promise<void>
}

export interface FakeConsulOptions {
  /** From all callers together: they have one address here. */
  readonly mostConnections?: number
}

/** What it has heard of; any other is a mistake of whoever asks. */
const DATACENTERS = ['dc1', 'dc2']
const TOO_MANY =
  'Your IP is issuing too many concurrent connections, please rate limit your calls\n'

interface Catalogue {
  index: number
  /** How often checks have run. */
  runs: number
  isChurning: boolean
  isLed: boolean
  /** For the moment of a restore, which ends every query that hangs. */
  isRestored: boolean
  always: ConsulFaultScript | undefined
  readonly scripted: ConsulFaultScript[]
  readonly services: Map<string, Map<string, FakeReplica>>
  readonly wakers: Set<() => void>
}

export async function startFakeConsul(options: FakeConsulOptions = {}): Promise<FakeConsul> {
  const catalogue: Catalogue = {
    index: 10,
    runs: 0,
    isChurning: false,
    isLed: true,
    isRestored: false,
    always: undefined,
    scripted: [],
    services: new Map(),
    wakers: new Set(),
  }
  const requests: AskedRequest[] = []
  const expecting: ((request: AskedRequest) => void)[] = []
  const server = createServer((request, response) => {
    const { url, asked } = readRequest(request)
    if (url.pathname === '/v1/status/leader') {
      response.end(catalogue.isLed ? '"127.0.0.1:8300"' : '""')
      return
    }
    requests.push(asked)
    expecting.shift()?.(asked)
    answer(catalogue, url, response)
  })
  const connections = limitConnections(server, options.mostConnections)
  const listen = (port: number) =>
    new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  const shut = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    nextRequest: () => new Promise(resolve => expecting.push(resolve)),
    ...controlsOf(catalogue),
    refuse: isOn => (isOn ? shut() : listen(port)),
    connections,
    close: shut,
  }
}

type Controls = Omit<
  FakeConsul,
  'url' | 'requests' | 'nextRequest' | 'refuse' | 'connections' | 'close'
>

/** Whatever is changed wakes the queries that hang, and each looks whether it may answer. */
function controlsOf(catalogue: Catalogue): Controls {
  const wake = () => {
    for (const waker of catalogue.wakers) waker()
  }
  const change = (act: () => void) => {
    catalogue.index += 1
    act()
    wake()
  }
  return {
    register: (service, replica) =>
      change(() => {
        const replicas = catalogue.services.get(service) ?? new Map<string, FakeReplica>()
        catalogue.services.set(service, replicas.set(replica.id, replica))
      }),
    registerAll: (service, replicas) =>
      change(() =>
        catalogue.services.set(service, new Map(replicas.map(replica => [replica.id, replica]))),
      ),
    deregister: (service, id) => change(() => catalogue.services.get(service)?.delete(id)),
    touch: () =>
      change(() => {
        catalogue.runs += 1
      }),
    setIndex(index) {
      catalogue.index = index
      catalogue.isRestored = true
      wake()
      catalogue.isRestored = false
    },
    churn(isOn) {
      catalogue.isChurning = isOn
      wake()
    },
    lead(isLed) {
      catalogue.isLed = isLed
    },
    script: (...faults) => {
      catalogue.scripted.push(...faults)
      wake()
    },
    always(fault) {
      catalogue.always = fault
      wake()
    },
  }
}

/** As the real agent: one connection too many is told so in plain HTTP, and ended. */
function limitConnections(server: Server, most = Number.POSITIVE_INFINITY): () => number {
  const open = new Set<Socket>()
  server.prependListener('connection', (socket: Socket) => {
    if (open.size >= most) {
      socket.end(
        `HTTP/1.1 429 Too Many Requests\r\nContent-Length: ${TOO_MANY.length}\r\nConnection: close\r\n\r\n${TOO_MANY}`,
      )
      return
    }
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return () => open.size
}

function readRequest(request: IncomingMessage) {
  const url = new URL(request.url ?? '/', 'http://fake')
  const header = request.headers['x-consul-token']
  const token = Array.isArray(header) ? header[0] : header
  return { url, asked: { url, index: url.searchParams.get('index'), token } }
}

function answer(catalogue: Catalogue, url: URL, response: ServerResponse): void {
  const asked = Number(url.searchParams.get('index') ?? 0)
  const reply = () => {
    catalogue.wakers.delete(wakeUp)
    clearTimeout(timer)
    respond(catalogue, url, response)
  }
  const mayAnswer = () =>
    asked === 0 ||
    // As the real one: an index that is ahead of its own hangs as well.
    catalogue.index > asked ||
    catalogue.isChurning ||
    catalogue.isRestored ||
    catalogue.scripted.length > 0 ||
    catalogue.always !== undefined
  const wakeUp = () => {
    if (mayAnswer()) reply()
  }
  const waitMs = Number.parseInt(url.searchParams.get('wait') ?? '300', 10) * 1_000
  const timer = setTimeout(reply, waitMs * (1 + Math.random() / 16))
  timer.unref()
  catalogue.wakers.add(wakeUp)
  response.once('close', () => {
    catalogue.wakers.delete(wakeUp)
    clearTimeout(timer)
  })
  wakeUp()
}

function respond(catalogue: Catalogue, url: URL, response: ServerResponse): void {
  const datacenter = url.searchParams.get('dc') ?? 'dc1'
  if (!DATACENTERS.includes(datacenter)) {
    response.writeHead(500, { 'content-type': 'text/plain' }).end('No path to datacenter')
    return
  }
  const name = decodeURIComponent(url.pathname.replace('/v1/health/service/', ''))
  if (catalogue.isChurning) catalogue.index += 1
  const fault = catalogue.scripted.shift() ?? catalogue.always
  if (fault?.kind === 'slow') setTimeout(spoil, fault.ms, catalogue, { name }, response).unref()
  else spoil(catalogue, { name, fault }, response)
}

interface Reply {
  /** Of the service. */
  readonly name: string
  readonly fault?: ConsulFaultScript | undefined
}

function spoil(catalogue: Catalogue, { name, fault }: Reply, response: ServerResponse): void {
  const replicas = [...(catalogue.services.get(name)?.values() ?? [])]
  const isEmpty = fault?.kind === 'headers' && fault.isEmpty === true
  const text = JSON.stringify(
    isEmpty ? [] : replicas.map(replica => entryOf(name, replica, catalogue.runs)),
    null,
    4,
  )
  if (fault?.kind === 'silent') return
  if (fault?.kind === 'status') {
    response.writeHead(fault.status, { 'content-type': 'text/plain' }).end(fault.body ?? '')
    return
  }
  if (fault?.kind === 'backwards') catalogue.index = Math.max(1, catalogue.index - 1)
  const index = fault?.kind === 'index' ? fault.index : String(catalogue.index)
  response.writeHead(200, {
    'content-type': 'application/json',
    'x-consul-knownleader': 'true',
    'x-consul-lastcontact': '0',
    ...(index === undefined ? {} : { 'x-consul-index': index }),
    ...(fault?.kind === 'headers' || fault?.kind === 'body' ? fault.headers : {}),
  })
  if (fault?.kind === 'cut' || fault?.kind === 'hangs') {
    const isCut = fault.kind === 'cut'
    response.write(text.slice(0, text.length / 2), () => isCut && response.destroy())
    return
  }
  if (fault?.kind === 'split') for (const byte of Buffer.from(text)) response.write(Buffer.of(byte))
  response.end(fault?.kind === 'body' ? fault.body : fault?.kind === 'split' ? '' : text)
}
