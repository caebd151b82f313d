// TLS towards replicas, with authorities made for the test: verified always, by the name that the document gives or the host's own.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { Endpoint } from '#router/clusters/endpoint.ts'
import type { TlsPolicy } from '#routes/route-table.ts'
import { askReplica } from '#test/support/ask-replica.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { createAddressGuard } from './address-guard.ts'
import { guardedConnect } from './guarded-connect.ts'
import { createHostLookup } from './host-lookup.ts'
import { Pools } from './pools.ts'

const folder = mkdtempSync(join(tmpdir(), 'ringmain-tls-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const at = (file: string): string => join(folder, file)
const openssl = (...words: readonly string[]): void =>
  void execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' })

function makeAuthority(name: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.pem`,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
  )
  openssl('req', ...key, '-keyout', `${name}-leaf.key`, '-out', 'leaf.csr', '-subj', '/CN=leaf')
  writeFileSync(at('names'), 'subjectAltName=DNS:tools.internal,DNS:localhost')
  const by = ['-CA', `${name}.pem`, '-CAkey', `${name}.key`, '-CAcreateserial', '-days', '2']
  openssl('x509', '-req', '-in', 'leaf.csr', ...by, '-extfile', 'names', '-out', `${name}-leaf.pem`)
}

makeAuthority('ours')
makeAuthority('other')

async function ground(t: TestContext) {
  const hosts: (string | undefined)[] = []
  const server = createServer(
    { cert: readFileSync(at('ours-leaf.pem')), key: readFileSync(at('ours-leaf.key')) },
    (request, response) => {
      hosts.push(request.headers.host)
      response.end('well')
    },
  )
  server.on('tlsClientError', () => undefined) // a client that does not trust it says so by leaving
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const pools = new Pools()
  t.after(async () => {
    await pools.close()
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  /** One connection of its own, on a way that is kept. */
  const connectOver = (tls: TlsPolicy) => {
    const guard = createAddressGuard(['loopback'])
    const connect = guardedConnect({ guard, tls, resolve: createHostLookup() })
    return (): Promise<string> =>
      new Promise(resolve => {
        const target = { host: '127.0.0.1', port, isTls: true }
        connect(target, {
          open: socket => {
            socket.destroy()
            resolve('well')
          },
          fail: error => resolve(`${(error as NodeJS.ErrnoException).code}`),
        })
      })
  }
  const ask = async (tls: TlsPolicy | undefined, host = '127.0.0.1', isTls = false) => {
    const instance = instanceAt(port, { host, ...(isTls ? { tls: true } : {}) })
    const reach = { addresses: { allow: ['loopback'] }, ...(tls === undefined ? {} : { tls }) }
    const pool = pools.of(new Endpoint(instance, reach))
    try {
      return (await askReplica(pool)).text
    } catch (error) {
      return `${String((error as NodeJS.ErrnoException).code)} ${(error as Error).message}`
    }
  }
  return { ask, connectOver, hosts, port }
}

test('a replica that discovery names without a word of TLS is spoken to over it when the document says so', async t => {
  const { ask, hosts, port } = await ground(t)
  const ca = at('ours.pem')
  assert.equal(await ask({ ca, serverName: 'tools.internal' }), 'well')
  assert.equal(await ask({ ca }, 'localhost'), 'well')
  assert.deepEqual(hosts, [`127.0.0.1:${port}`, `localhost:${port}`])
  assert.doesNotMatch(await ask(undefined), /well/)
})

test('a certificate is verified: who signed it, and for whom', async t => {
  const { ask } = await ground(t)
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED']
  t.after(() => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before
  })
  for (const switched of [undefined, '0']) {
    if (switched !== undefined) process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = switched
    assert.match(
      await ask({}, 'localhost'),
      /^UNABLE_TO_VERIFY_LEAF_SIGNATURE|^UNABLE_TO_GET_ISSUER|SELF_SIGNED/,
    )
    assert.match(await ask(undefined, 'localhost', true), /^UNABLE_TO|SELF_SIGNED/)
    assert.match(
      await ask({ ca: at('other.pem') }, 'localhost'),
      /^UNABLE_TO|SELF_SIGNED|CERT_SIGNATURE/,
    )
    assert.match(await ask({ ca: at('ours.pem') }), /^ERR_TLS_CERT_ALTNAME_INVALID/)
    const wrong = { ca: at('ours.pem'), serverName: 'other.internal' }
    assert.match(await ask(wrong), /^ERR_TLS_CERT_ALTNAME_INVALID/)
  }
})

test('a file of authorities is read for each connection, and one that is missing is named', async t => {
  const { ask } = await ground(t)
  const tls = { ca: at('rotated.pem'), serverName: 'tools.internal' }
  assert.match(
    await ask(tls),
    /certificate authorities in \S+rotated\.pem \(tls\.ca\) cannot be read: ENOENT/,
  )
  writeFileSync(at('new.pem'), readFileSync(at('ours.pem')))
  renameSync(at('new.pem'), at('rotated.pem'))
  assert.equal(await ask(tls), 'well')
})

test('authorities that were replaced by others are not believed any more', async t => {
  const { connectOver } = await ground(t)
  const once = connectOver({ ca: at('changing.pem'), serverName: 'tools.internal' })
  const outcomes: string[] = []
  for (const name of ['ours', 'other', 'ours']) {
    writeFileSync(at('changing.pem'), `# ${name}\n${readFileSync(at(`${name}.pem`), 'utf8')}`)
    outcomes.push(await once())
  }
  assert.deepEqual([outcomes[0], outcomes[2]], ['well', 'well'])
  assert.match(outcomes[1] ?? '', /^(?:UNABLE_TO|SELF_SIGNED|CERT_SIGNATURE)/)
})

test('a file of authorities without a certificate is told as that', async t => {
  const { ask } = await ground(t)
  for (const text of [
    '',
    'garbage',
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  ]) {
    writeFileSync(at('empty.pem'), text)
    const told = await ask({ ca: at('empty.pem'), serverName: 'tools.internal' })
    assert.match(told, /the file \S+empty\.pem \(tls\.ca\) holds no certificate/)
  }
})

test('a name that TLS refuses to begin with is the fault of that connection, not the end of the process', async t => {
  const { ask } = await ground(t)
  const ca = at('ours.pem')
  assert.match(await ask({ ca, serverName: '10.0.0.1' }), /^ERR_INVALID_ARG_VALUE /)
  assert.equal(await ask({ ca, serverName: 'tools.internal' }), 'well')
})
