// With what a router comes to real Consul agents: a token where ACLs deny by default, and TLS with authorities of one's own.
// What is refused is told in words that name the flag, and the set that was known stays.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import type { DiscoveryStatus } from '#router/clusters/discovery/instance.ts'
import { createSources } from '#router/clusters/discovery/open-discovery.ts'
import { startConsulAgent } from '#test/support/consul-agent.ts'
import { freePort } from '#test/support/free-port.ts'
import { realPart } from '#test/support/real-parts.ts'
import { sentenceLog, snapshotLog } from '#test/support/snapshots.ts'
import { until } from '#test/support/until.ts'

type Access = Omit<Parameters<typeof createSources>[0]['consul'], 'agents'>

const folder = mkdtempSync(join(tmpdir(), 'ringmain-access-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const consul = realPart('consul')
const skip = 'skip' in consul && consul.skip

function watching(t: TestContext, agents: readonly string[], access: Access, datacenter?: string) {
  const stateDirectory = mkdtempSync(join(folder, 'state-'))
  const sources = createSources({
    stateDirectory,
    consul: { agents, ...access },
    log: sentenceLog(),
  })
  const place = datacenter === undefined ? {} : { datacenter }
  const discovery = sources.open({ kind: 'consul', service: 'mcp-a', ...place })
  const heard = snapshotLog()
  discovery.start(heard.publish)
  t.after(async () => {
    await discovery.close()
    await sources.close()
  })
  return {
    heard,
    status: discovery.status,
    problem: (about: RegExp): Promise<DiscoveryStatus> =>
      until(`a problem about ${about}`, () => {
        const status = discovery.status()
        return about.test(status.problem ?? '') ? status : undefined
      }),
  }
}

const has =
  (...ids: readonly string[]) =>
  (set: { readonly instances: ReadonlyArray<{ readonly key: string }> }): boolean =>
    set.instances.length === ids.length &&
    ids.every(id => set.instances.some(({ key }) => key.endsWith(`/${id}`)))

describe('a Consul whose ACLs deny by default', { skip }, async () => {
  if ('skip' in consul) return
  const manager = crypto.randomUUID()
  const agent = await startConsulAgent(consul.bin, {
    token: manager,
    hcl: `acl { enabled = true, default_policy = "deny", tokens { initial_management = "${manager}" } }`,
  })
  after(agent.stop)
  await agent.register({ id: 'one', name: 'mcp-a', port: 9_001 })
  const put = async (path: string, body: object): Promise<Record<string, string>> => {
    const answer = await fetch(`${agent.url}/v1/acl/${path}`, {
      method: 'PUT',
      headers: { 'x-consul-token': manager },
      body: JSON.stringify(body),
    })
    assert.ok(answer.ok, `${path}: ${answer.status}`)
    return (await answer.json()) as Record<string, string>
  }
  const services = 'service_prefix "mcp-" { policy = "read" }'
  await put('policy', { Name: 'right', Rules: `${services} node_prefix "" { policy = "read" }` })
  await put('policy', { Name: 'half', Rules: services })
  const tokenOf = (policy: string) => put('token', { Policies: [{ Name: policy }] })

  test('the least that a router needs is enough', async t => {
    const token = (await tokenOf('right'))['SecretID']
    await watching(t, [agent.url], { token }).heard.until(has('one'))
  })

  test('a token that may not see nodes, and none at all, are faults and not an empty set', async t => {
    const half = watching(t, [agent.url], { token: (await tokenOf('half'))['SecretID'] })
    const { isSynced } = await half.problem(/node:read/)
    assert.equal(isSynced, false)
    const nobody = watching(t, [agent.url], {})
    await nobody.problem(/token/)
    assert.deepEqual([half.heard.all, nobody.heard.all], [[], []])
  })

  test('a token that Consul does not know is told', async t => {
    await watching(t, [agent.url], { token: crypto.randomUUID() }).problem(/403.*token/)
  })

  test('a datacenter that Consul does not know is told', async t => {
    const token = (await tokenOf('right'))['SecretID']
    await watching(t, [agent.url], { token }, 'nowhere').problem(/nowhere|No path/)
  })

  test('a token that is revoked costs no replica, and one that takes its place in the file is taken up', async t => {
    const tokenFile = join(folder, 'token')
    const first = await tokenOf('right')
    writeFileSync(tokenFile, String(first['SecretID']))
    const { heard, problem, status } = watching(t, [agent.url], { tokenFile })
    await heard.until(has('one'))
    await fetch(`${agent.url}/v1/acl/token/${first['AccessorID']}`, {
      method: 'DELETE',
      headers: { 'x-consul-token': manager },
    })
    await agent.register({ id: 'two', name: 'mcp-a', port: 9_002 }) // what hangs is answered, and asked anew
    await problem(/token/)
    assert.ok(heard.newest().length > 0)
    const draft = `${tokenFile}.draft`
    writeFileSync(draft, String((await tokenOf('right'))['SecretID']))
    renameSync(draft, tokenFile)
    await heard.until(has('one', 'two'), 40_000)
    await until('no problem to be left', () => status().problem === undefined)
  })
})

describe('a Consul that speaks TLS and asks for a certificate', { skip }, async () => {
  if ('skip' in consul) return
  const run = (...words: readonly string[]): void =>
    void execFileSync(consul.bin, words, { cwd: folder, stdio: 'ignore' })
  run('tls', 'ca', 'create')
  run('tls', 'cert', 'create', '-server')
  run('tls', 'cert', 'create', '-client')
  run('tls', 'ca', 'create', '-domain', 'other')
  const file = (name: string): string => join(folder, name)
  const port = await freePort()
  const agent = await startConsulAgent(consul.bin, {
    hcl: `ports { https = ${port} }
      tls { https {
        ca_file = "${file('consul-agent-ca.pem')}"
        cert_file = "${file('dc1-server-consul-0.pem')}"
        key_file = "${file('dc1-server-consul-0-key.pem')}"
        verify_incoming = true
      } }`,
  })
  after(agent.stop)
  await agent.register({ id: 'one', name: 'mcp-a', port: 9_001 })
  const url = `https://127.0.0.1:${port}`
  const right = {
    caFile: file('consul-agent-ca.pem'),
    certFile: file('dc1-client-consul-0.pem'),
    keyFile: file('dc1-client-consul-0-key.pem'),
  }

  test('with the right authorities and a certificate the set comes, under the address and under its own name', async t => {
    await watching(t, [url], right).heard.until(has('one'))
    await watching(t, [url], { ...right, serverName: 'server.dc1.consul' }).heard.until(has('one'))
  })

  for (const [what, access, flag] of [
    [
      'authorities that are not the system’s, and not named',
      { certFile: right.certFile, keyFile: right.keyFile },
      /--consul-ca/,
    ],
    [
      'authorities of somebody else',
      { ...right, caFile: file('other-agent-ca.pem') },
      /--consul-ca/,
    ],
    [
      'another name than its certificate has',
      { ...right, serverName: 'nope.example' },
      /--consul-server-name/,
    ],
    ['no certificate of its own', { caFile: right.caFile }, /--consul-cert/],
  ] as const)
    test(`${what}: told with the flag that helps`, async t => {
      const { heard, problem } = watching(t, [url], access)
      await problem(flag)
      assert.deepEqual(heard.all, [])
    })

  test('authorities and a certificate that take their places in the files are taken up without a restart', async t => {
    const [caFile, certFile, keyFile] = ['ca', 'cert', 'key'].map(name =>
      file(`${name}-in-use.pem`),
    )
    assert.ok(caFile !== undefined && certFile !== undefined && keyFile !== undefined)
    copyFileSync(file('other-agent-ca.pem'), caFile)
    copyFileSync(right.certFile, certFile)
    copyFileSync(right.keyFile, keyFile)
    const { heard, problem, status } = watching(t, [url], { caFile, certFile, keyFile })
    await problem(/--consul-ca/)
    // Added, not replaced: what is trusted while an authority is changed for another.
    appendFileSync(caFile, readFileSync(right.caFile))
    await heard.until(has('one'), 20_000)
    await until('no problem to be left', () => status().problem === undefined)
  })

  test('the first agent that answers is used, and told', async t => {
    const { heard, status } = watching(t, [`http://127.0.0.1:${await freePort()}`, agent.url], {})
    await heard.until(has('one'))
    assert.equal(status().agent, agent.url)
  })
})

describe('both ways in which an agent gets its answers', { skip }, async () => {
  if ('skip' in consul) return
  for (const isStreaming of [true, false])
    test(`changes arrive, and the backend is shown: streaming ${isStreaming ? 'on' : 'off'}`, async t => {
      const agent = await startConsulAgent(consul.bin, {
        hcl: `use_streaming_backend = ${isStreaming}`,
      })
      t.after(agent.stop)
      await agent.register({ id: 'one', name: 'mcp-a', port: 9_001 })
      const { heard, status } = watching(t, [agent.url], {})
      await heard.until(has('one'))
      await agent.register({ id: 'two', name: 'mcp-a', port: 9_002 })
      await heard.until(has('one', 'two'))
      await agent.deregister('one')
      await heard.until(has('two'))
      const backend = isStreaming ? 'streaming' : 'blocking-query'
      await until(`the backend ${backend}`, () => status().backend === backend)
    })
})
