// A replica whose tools differ from those of its siblings: up, shown, and given nothing while they serve; and a client of the official
// SDK that mirrors an argument into a header, through the router.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { answerOf, modernCall, problemOf, servedBy } from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { MODERN_SCRIPT, type Script, startReplica } from '#test/support/small-replica.ts'
import { until } from '#test/support/until.ts'

const REGION = {
  type: 'object',
  properties: { region: { type: 'string', 'x-mcp-header': 'Region' } },
}
const one = await startScripted({ name: 'one', schemas: { echo: REGION } })
const two = await startScripted({ name: 'two', schemas: { echo: REGION } })
const odd = await startScripted({ name: 'odd', schemas: { echo: { type: 'object' } } })
const router = await runRouter(
  documents(
    clusterOf('tools', [one.url, two.url, odd.url]),
    clusterOf('any', [one.url, odd.url], { toolLists: 'any' }),
    serverOf('default', ['tools', 'any']),
  ),
)

after(async () => {
  await router.close()
  await Promise.all([one, two, odd].map(server => server.close()))
})

const apartIn = async (cluster: string): Promise<readonly number[]> => {
  const { items } = await router.clusters()
  const endpoints = items.find(({ name }) => name === cluster)?.endpoints ?? []
  return endpoints.filter(({ isApart }) => isApart).map(({ url }) => Number(new URL(url).port))
}

test('the one that differs is up, shown apart with its reason, and serves nobody', async () => {
  assert.deepEqual(await apartIn('tools'), [odd.port])
  const { items } = await router.clusters()
  const endpoint = items
    .find(({ name }) => name === 'tools')
    ?.endpoints.find(({ isApart }) => isApart)
  assert.deepEqual([endpoint?.health, endpoint?.state], ['up', 'ready'])
  assert.match(endpoint?.reason ?? '', /tools differ/)
  const served = new Set<string | undefined>()
  for (let count = 0; count < 30; count += 1) {
    const args = { region: 'eu' }
    const answer = await modernCall(router.mcpUrl, 'tools__echo', args, {
      headers: { 'mcp-param-region': 'eu' },
    })
    assert.equal(answerOf(answer).error, undefined)
    served.add(servedBy(answer))
  }
  assert.deepEqual(served, new Set(['one', 'two']))
  assert.equal(odd.calls().length, 0)
  const told = router.lines.find(
    ({ event, ...line }) => event === 'endpoint.apart' && line['ringmain.cluster'] === 'tools',
  )
  assert.ok(told !== undefined && told['toolsDigest'] !== told['servingDigest'])
})

test('where lists need not agree nobody is apart', async () => {
  assert.deepEqual(await apartIn('any'), [])
})

test('the official client mirrors the argument, and its header reaches the replica as the body says it', async () => {
  const client = new Client(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  )
  await client.connect(new StreamableHTTPClientTransport(new URL(router.mcpUrl)))
  await client.listTools() // it learns there what is mirrored
  const result = await client.callTool({ name: 'tools__echo', arguments: { region: 'Zürich' } })
  assert.notEqual(result.isError, true)
  const headers = [...one.calls(), ...two.calls()].map(call => call.headers['mcp-param-region'])
  assert.ok(
    headers.includes(`=?base64?${Buffer.from('Zürich').toString('base64')}?=`),
    headers.join(' '),
  )
  await client.close()
})

test('when those that agree are gone the odd one serves', async () => {
  await Promise.all([one.close(), two.close()])
  for (let count = 0; count < 40; count += 1) {
    const answer = await modernCall(router.mcpUrl, 'tools__echo', {})
    if (servedBy(answer) === 'odd') return
    await router.untilUp('tools', 1)
  }
  assert.fail('it never served')
})

test('a replica that refuses a call for its headers is asked for its tools at once, and not when its minute is over', async t => {
  const schemas: Record<string, object> = { echo: { type: 'object' } }
  const server = await startScripted({ name: 'changed', schemas })
  const other = await runRouter(
    documents(clusterOf('tools', [server.url]), serverOf('default', ['tools'])),
  )
  t.after(async () => {
    await other.close()
    await server.close()
  })
  await other.untilUp('tools', 1)
  const digest = async (): Promise<string | undefined> =>
    (await other.clusters()).items[0]?.endpoints[0]?.toolsDigest
  const before = await digest()
  schemas['echo'] = REGION
  await until('the new list to be known', async () => {
    const answer = await modernCall(other.mcpUrl, 'status_error', { code: 400, rpc: -32_020 })
    assert.equal(problemOf(answer)?.code, 'RINGMAIN_UPSTREAM_REFUSED')
    return (await digest()) !== before
  })
  const refused = await modernCall(other.mcpUrl, 'echo', { region: 'eu' })
  assert.equal(answerOf(refused).error?.code, -32_020, 'the header is missed by the router itself')
})

test('one that keeps its list from strangers serves nobody beside one that tells it, and all serve where nobody tells', async t => {
  const reticent: Script = {
    ...MODERN_SCRIPT,
    'tools/list': ({ status }) => status(401),
    'tools/call': ({ result }) => result({ content: [{ type: 'text', text: 'reticent' }] }),
  }
  const telling = await startScripted({ name: 'telling', schemas: { echo: { type: 'object' } } })
  const [first, second] = [await startReplica(t, reticent), await startReplica(t, reticent)]
  const urlOf = ({ port }: { readonly port: number }): string => `http://127.0.0.1:${port}/mcp`
  const other = await runRouter(
    documents(
      clusterOf('mixed', [telling.url, urlOf(first)]),
      clusterOf('silent', [urlOf(first), urlOf(second)]),
      serverOf('default', ['mixed', 'silent']),
    ),
  )
  t.after(async () => {
    await other.close()
    await telling.close()
  })
  await other.untilUp('mixed', 2)
  for (let count = 0; count < 20; count += 1)
    assert.equal(servedBy(await modernCall(other.mcpUrl, 'mixed__echo', {})), 'telling')
  assert.equal(first.methods().includes('tools/call'), false)
  const [mixed, silent] = (await other.clusters()).items
  const apart = mixed?.endpoints.filter(({ isApart }) => isApart) ?? []
  assert.deepEqual(
    apart.map(({ url }) => url),
    [urlOf(first)],
  )
  assert.match(apart[0]?.reason ?? '', /^its list of tools is not known: .*401/)
  assert.deepEqual(
    silent?.endpoints.map(({ isApart }) => isApart),
    [false, false],
  )
  assert.match(silent?.notes?.join() ?? '', /whether its 2 modern replicas list the same tools/)
})
