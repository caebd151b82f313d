// The SRE's window: health, metrics and what the router knows of its clusters. One path changes something: what an operator asks for one
// replica, from this machine only.
import type { AddressInfo } from 'node:net'
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import type { ClusterList, ReadyView, RouterView } from '#foundation/admin-views.ts'
import { isFromHere } from './from-here.ts'

export interface AdminSource {
  readonly ready: () => ReadyView
  readonly router: () => RouterView
  readonly clusters: () => ClusterList
  /** What an operator asks; `body` is whatever JSON was sent. */
  readonly operate: (body: unknown) => { readonly status: number; readonly body: object }
  readonly metrics: () => Promise<string>
  readonly metricsContentType: string
}

export interface AdminListener {
  readonly url: string
  readonly close: () => Promise<void>
}

const REQUEST_TIMEOUT_MS = 10_000
/** So long a connection that asks nothing may keep its place, before its first request and after one. */
const HEADERS_TIMEOUT_MS = 2_000
const KEEP_ALIVE_MS = 5_000
/** Node looks only every 30 s by itself, and until then nobody else would be let in. */
const CHECK_EVERY_MS = 500
/** Not counted by address: mostly it is the loopback one, which is everybody's. */
const CONNECTIONS = 256

/** An absolute one names a host of its own, and a list of paths in front would be got round by `/%6fperate`. */
const PLAIN_TARGET = /^\/(?!\/)[\w./-]*(?:\?|$)/

export async function openAdminListener(
  at: {
    readonly host: string
    readonly port: number
    readonly headersTimeoutMs?: number
    readonly allow: {
      readonly isHostAllowed: (host: string | undefined) => boolean
      readonly isOriginAllowed: (origin: string | undefined) => boolean
    }
  },
  source: AdminSource,
): Promise<AdminListener> {
  const app = fastify({
    logger: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      headersTimeout: at.headersTimeoutMs ?? HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_EVERY_MS,
    },
    bodyLimit: 1_024,
    forceCloseConnections: true,
  })
  app.server.maxConnections = CONNECTIONS
  app.addHook('onRequest', (request, reply, next) => {
    const { host, origin } = request.headers
    if (!PLAIN_TARGET.test(request.raw.url ?? ''))
      return void reply.code(400).send({ error: 'Its target is not a plain path.' })
    // Two Hosts, or one that another parser reads otherwise, could be one of the list and one that is not.
    const hosts = request.raw.headersDistinct['host']?.length ?? 0
    if (hosts !== 1 || !at.allow.isHostAllowed(host))
      void reply.code(403).send({ error: 'The Host header is not on the allow-list.' })
    else if (!at.allow.isOriginAllowed(origin))
      void reply.code(403).send({ error: 'The Origin header is not on the allow-list.' })
    else next()
  })
  app.get('/livez', (_request, reply) => reply.type('text/plain').send('ok\n'))
  const ready = (): ReadyView => source.ready()
  for (const url of ['/readyz', '/healthz']) {
    app.get(url, (_request, reply) => {
      const view = ready()
      return reply.code(view.ready ? 200 : 503).send(view)
    })
  }
  app.get('/metrics', async (_request, reply) =>
    reply.type(source.metricsContentType).send(await source.metrics()),
  )
  app.get('/debug/router', () => source.router())
  app.get('/debug/clusters', () => source.clusters())
  app.post('/operate', (request, reply) => operate(source, request, reply))
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({
      error: 'Not here. Try /livez, /readyz, /metrics, /debug/router or /debug/clusters.',
    }),
  )
  await app.listen({ host: at.host, port: at.port })
  const { address, port, family } = app.server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: () => app.close(),
  }
}

function operate(source: AdminSource, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // Whoever may look from elsewhere may not change anything: nobody here has a name yet.
  if (!isFromHere(request.socket.remoteAddress))
    return reply.code(403).send({ error: 'Only from the machine that the router runs on.' })
  // A page in a browser can send other types without asking first.
  if (request.headers['content-type'] !== 'application/json')
    return reply.code(415).send({ error: 'Send application/json.' })
  const { status, body } = source.operate(request.body)
  return reply.code(status).send(body)
}
