// Whoever registers a replica must not choose what the router connects to. Sockets are counted where Node makes them, so that
// an address that only looks refused shows.
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { createAddressGuard } from '#router/upstream/address-guard.ts'
import { guardedConnect } from '#router/upstream/guarded-connect.ts'
import { spellingsOf } from '#test/support/address-spellings.ts'

/** One of each kind that nobody's tool server has by accident. */
const BLOCKED = [
  '169.254.169.254',
  '169.254.10.10',
  '100.100.100.200',
  '127.0.0.1',
  '127.8.9.10',
  '0.0.0.0',
  '10.0.0.1',
  '172.16.5.4',
  '192.168.1.1',
  '192.0.2.7',
  '224.0.0.251',
  '255.255.255.255',
]
const BLOCKED_V6 = [
  '::',
  '::1',
  '0:0:0:0:0:0:0:1',
  'fd00:ec2::254',
  'fd12:3456::1',
  'fe80::1',
  'fe80::1%lo',
  'fec0::1',
  'ff02::1',
  '100::1',
  '2001:db8::1',
  '3fff::1',
  '4000::1',
]

type Resolve = Parameters<typeof guardedConnect>[0]['resolve']

function resolverOf(...answers: readonly (readonly string[])[]): {
  readonly resolve: Resolve
  readonly asked: string[]
} {
  const asked: string[] = []
  const resolve = (
    host: string,
    _options: unknown,
    callback: (error: Error | null, found: readonly LookupAddress[]) => void,
  ): void => {
    const answer = answers[Math.min(asked.length, answers.length - 1)] ?? []
    asked.push(host)
    callback(
      null,
      answer.map(address => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  return { resolve, asked }
}

/** Where sockets were made to, for as long as the test runs. */
function countSockets(t: TestContext): { readonly count: () => number } {
  let count = 0
  const note = (): void => {
    count += 1
  }
  subscribe('net.client.socket', note)
  t.after(() => unsubscribe('net.client.socket', note))
  return { count: () => count }
}

async function listen(t: TestContext, host: string, port = 0): Promise<Server & { hits: number }> {
  const server = Object.assign(
    createServer((_request, response) => {
      server.hits += 1
      response.end(host)
    }),
    { hits: 0 },
  )
  server.listen(port, host)
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return server
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port

const tried = (host: string, connectTo: ReturnType<typeof guardedConnect>): Promise<string> =>
  new Promise(resolve => {
    const bare = host.replace(/^\[(.*)\]$/, '$1')
    connectTo(
      { host: bare, port: 9, isTls: false },
      {
        open: () => resolve('connected'),
        fail: error => resolve(`${error.name}: ${error.message}`),
      },
    )
  })

test('the count of sockets sees one', async t => {
  const sockets = countSockets(t)
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  socket.destroy()
  server.close()
  assert.equal(sockets.count(), 1)
})

test('no spelling of a blocked address leads to a socket', async t => {
  const sockets = countSockets(t)
  const { resolve, asked } = resolverOf(['169.254.169.254'])
  const connectTo = guardedConnect({ guard: createAddressGuard(['public']), resolve })
  const hosts = [
    ...BLOCKED.flatMap(address => spellingsOf(address).map(({ host }) => host)),
    ...BLOCKED_V6,
  ]
  const wrong: string[] = []
  const expectRefused = async (host: string): Promise<void> => {
    const outcome = await tried(host, connectTo)
    if (!outcome.startsWith('AddressRefused: ')) wrong.push(`${host} → ${outcome}`)
  }
  for (const host of hosts) await expectRefused(host)
  assert.deepEqual([sockets.count(), asked], [0, []])
  // A socket is made before its name is looked up; none of these ever gets an address.
  const names = ['localhost', 'localhost.', 'LOCALHOST', 'metadata.google.internal']
  for (const name of names) await expectRefused(name)
  assert.deepEqual(wrong, [])
  assert.equal(asked.length, names.length)
  assert.ok(hosts.length >= 300, `only ${hosts.length}`)
  t.diagnostic(
    `${hosts.length} spellings of blocked addresses: 0 sockets; ${names.length} names that lead to one: 0 connections`,
  )
})

test('what is allowed is allowed in every spelling that is one, or the test above shows nothing', () => {
  const guard = createAddressGuard(['loopback', 'private', 'public', 'link-local'])
  for (const address of ['8.8.8.8', '10.1.2.3', '127.0.0.1', '169.254.10.10'])
    for (const { how, host } of spellingsOf(address).slice(0, 18))
      assert.equal(guard.hostRefusal(host), undefined, `${how}: ${host}`)
})

test('a name that says something else a moment later changes nothing: what was judged is connected to', async t => {
  const good = await listen(t, '127.0.0.2')
  const canary = await listen(t, '127.0.0.1', portOf(good))
  const { resolve, asked } = resolverOf(['127.0.0.2'], ['127.0.0.1'])
  const guard = createAddressGuard(['127.0.0.2/32'])
  const target = { host: 'rebinding.test', port: portOf(good), isTls: false }
  const ask = (): Promise<string> =>
    new Promise(settle => {
      guardedConnect({ guard, resolve })(target, {
        open: socket => {
          socket.end('GET / HTTP/1.1\r\nhost: rebinding.test\r\nconnection: close\r\n\r\n')
          text(socket).then(answer => settle(answer.split('\r\n\r\n')[1] ?? ''), settle)
        },
        fail: error => settle(error.message),
      })
    })
  assert.equal(await ask(), '127.0.0.2')
  assert.match(await ask(), /^rebinding\.test: address 127\.0\.0\.1 is loopback; allow loopback /)
  assert.deepEqual([good.hits, canary.hits, asked.length], [1, 0, 2])
  t.diagnostic(`rebinding: ${good.hits} answer from what was judged, ${canary.hits} from elsewhere`)
})

test('of a name with several addresses only those that may be are tried, also when they do not answer', async t => {
  const canary = await listen(t, '127.0.0.1')
  const { resolve } = resolverOf(['127.0.0.1', '127.0.0.3', '::1'])
  const connectTo = guardedConnect({ guard: createAddressGuard(['127.0.0.3/32']), resolve })
  const outcome = await new Promise<Error | null>(done =>
    connectTo(
      { host: 'several.test', port: portOf(canary), isTls: false },
      { open: () => done(null), fail: done },
    ),
  )
  assert.match(String(outcome), /ECONNREFUSED 127\.0\.0\.3/)
  assert.equal(canary.hits, 0)
})
