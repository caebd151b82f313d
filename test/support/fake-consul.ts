// A Consul agent inside the test process, for faults that a real one cannot be made to show. It answers
// `/v1/health/service/:name` alone, and is held to what the real agent does by the discovery contract suite.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FakeReplica {
  readonly id: string
  readonly port: number
  readonly address?: string
  readonly meta?: Readonly<Record<string, string>>
  readonly weights?: { readonly Passing: number; readonly Warning: number }
  readonly checks?: readonly {
    readonly id: string
    readonly status: string
    readonly notes?: string
  }[]
}

/** What happens to one answer instead of the proper one. */
export type ConsulFaultScript =
  | { readonly kind: 'status'; readonly status: number; readonly body?: string }
  | { readonly kind: 'index'; readonly index: string | undefined }
  | { readonly kind: 'body'; readonly body: string }
  | {
      readonly kind: 'headers'
      readonly headers: Readonly<Record<string, string>>
      readonly isEmpty?: boolean
    }
  | { readonly kind: 'cut' | 'silent' | 'split' | 'spurious' }

export interface AskedRequest {
  readonly url: URL
  readonly index: string | null
  readonly token: string | undefined
}

export interface FakeConsul {
  readonly url: string
  readonly requests: readonly AskedRequest[]
  /** Resolves with the next request that comes in. */
  readonly nextRequest: () => Promise<AskedRequest>
  readonly register: (service: string, replica: FakeReplica) => void
  readonly deregister: (service: string, id: string) => void
  /** Many at once: one change. */
  readonly registerAll: (service: string, replicas: readonly FakeReplica[]) => void
  /** Moves the index without a change: a spurious wake-up for every watcher. */
  readonly touch: () => void
  readonly setIndex: (index: number) => void
  /** Every blocking query is answered at once with a moved index. */
  readonly churn: (isOn: boolean) => void
  /** The next answers are spoilt in this order, at once and without blocking. */
  readonly script: (...faults: readonly ConsulFaultScript[]) => void
  /** Every answer is spoilt like this until `undefined`. */
  readonly always: (fault: ConsulFaultScript | undefined) => void
  readonly close: () => Promise<void>
}

interface Catalogue {
  index: number
  isChurning: boolean
  always: ConsulFaultScript | undefined
  readonly scripted: ConsulFaultScript[]
  readonly services: Map<string, Map<string, FakeReplica>>
  readonly wakers: Set<() => void>
}

export async function startFakeConsul(): Promise<FakeConsul> {
  const catalogue: Catalogue = {
    index: 10,
    isChurning: false,
    always: undefined,
    scripted: [],
    services: new Map(),
    wakers: new Set(),
  }
  const requests: AskedRequest[] = []
  const expecting: ((request: AskedRequest) => void)[] = []
  const wake = () => {
    for (const waker of catalogue.wakers) waker()
  }
  const change = (act: () => void) => {
    catalogue.index += 1
    act()
    wake()
  }
  const server = createServer((request, response) => {
    const { url, asked } = readRequest(request)
    requests.push(asked)
    expecting.shift()?.(asked)
    answer(catalogue, url, request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    nextRequest: () => new Promise(resolve => expecting.push(resolve)),
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
    touch: () => change(() => undefined),
    setIndex(index) {
      catalogue.index = index
      wake()
    },
    churn(isOn) {
      catalogue.isChurning = isOn
      wake()
    },
    script: (...faults) => {
      catalogue.scripted.push(...faults)
      wake()
    },
    always(fault) {
      catalogue.always = fault
      wake()
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function readRequest(request: IncomingMessage) {
  const url = new URL(request.url ?? '/', 'http://fake')
  const header = request.headers['x-consul-token']
  const token = Array.isArray(header) ? header[0] : header
  return { url, asked: { url, index: url.searchParams.get('index'), token } }
}

function answer(
  catalogue: Catalogue,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const asked = Number(url.searchParams.get('index') ?? 0)
  const reply = () => {
    catalogue.wakers.delete(wakeUp)
    clearTimeout(timer)
    respond(catalogue, url, response)
  }
  const mayAnswer = () =>
    asked === 0 ||
    catalogue.index !== asked ||
    catalogue.isChurning ||
    catalogue.scripted.length > 0 ||
    catalogue.always !== undefined
  const wakeUp = () => {
    if (mayAnswer()) reply()
  }
  const waitMs = Number.parseInt(url.searchParams.get('wait') ?? '300', 10) * 1_000
  const timer = setTimeout(reply, waitMs)
  timer.unref()
  catalogue.wakers.add(wakeUp)
  request.socket.once('close', () => {
    catalogue.wakers.delete(wakeUp)
    clearTimeout(timer)
  })
  wakeUp()
}

function respond(catalogue: Catalogue, url: URL, response: ServerResponse): void {
  const name = decodeURIComponent(url.pathname.replace('/v1/health/service/', ''))
  if (catalogue.isChurning) catalogue.index += 1
  const fault = catalogue.scripted.shift() ?? catalogue.always
  const replicas = [...(catalogue.services.get(name)?.values() ?? [])]
  const isEmpty = fault?.kind === 'headers' && fault.isEmpty === true
  const text = JSON.stringify(
    isEmpty ? [] : replicas.map(replica => entryOf(name, replica)),
    null,
    4,
  )
  if (fault?.kind === 'silent') return
  if (fault?.kind === 'status') {
    response.writeHead(fault.status, { 'content-type': 'text/plain' }).end(fault.body ?? '')
    return
  }
  const index = fault?.kind === 'index' ? fault.index : String(catalogue.index)
  response.writeHead(200, {
    'content-type': 'application/json',
    'x-consul-knownleader': 'true',
    'x-consul-lastcontact': '0',
    ...(index === undefined ? {} : { 'x-consul-index': index }),
    ...(fault?.kind === 'headers' ? fault.headers : {}),
  })
  if (fault?.kind === 'cut') {
    response.write(text.slice(0, text.length / 2), () => response.destroy())
    return
  }
  if (fault?.kind === 'split') for (const byte of Buffer.from(text)) response.write(Buffer.of(byte))
  response.end(fault?.kind === 'body' ? fault.body : fault?.kind === 'split' ? '' : text)
}

function entryOf(service: string, replica: FakeReplica): object {
  const {
    id,
    address = '',
    port,
    meta = {},
    weights = { Passing: 1, Warning: 1 },
    checks = [],
  } = replica
  return {
    Node: {
      Node: 'fake-node',
      Address: '127.0.0.1',
      Datacenter: 'dc1',
      CreateIndex: 1,
      ModifyIndex: 1,
    },
    Service: {
      ID: id,
      Service: service,
      Address: address,
      Port: port,
      Meta: meta,
      Weights: weights,
      Tags: [],
    },
    Checks: [
      {
        Node: 'fake-node',
        CheckID: 'serfHealth',
        Name: 'Serf Health Status',
        Status: 'passing',
        Notes: '',
      },
      ...checks.map(({ id: check, status, notes = '' }) => ({
        Node: 'fake-node',
        CheckID: check,
        Name: check,
        Status: status,
        Notes: notes,
        Output: `${Math.random()}`,
        ServiceID: id,
      })),
    ],
  }
}
