// Replicas that state a revision of their tools in a real Consul which their lists belie: shown to whoever looks, and no matter to calls.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { runClusters } from '#control-plane/cli/clusters.ts'
import { type ConsulAgent, startConsulAgent } from '#test/support/consul-agent.ts'
import { consulDocuments } from '#test/support/consul-mesh.ts'
import { answerOf, modernCall } from '#test/support/raw-http.ts'
import { realPart } from '#test/support/real-parts.ts'
import { type RunningRouter, runRouter } from '#test/support/running-router.ts'
import { type ScriptedServer, startScripted } from '#test/support/scripted-server.ts'
import { until } from '#test/support/until.ts'

const part = realPart('consul')

describe('revisions that are stated in Consul', { skip: 'skip' in part && part.skip }, () => {
  let agent: ConsulAgent
  let router: RunningRouter
  const servers: ScriptedServer[] = []

  before(async () => {
    if ('skip' in part) return
    agent = await startConsulAgent(part.bin)
    for (const name of ['one', 'two']) servers.push(await startScripted({ name }))
    await state('v1', 'v1')
    router = await runRouter(consulDocuments, { env: { RINGMAIN_CONSUL: agent.url } })
    await router.untilUp('tools', 2)
  })
  after(async () => {
    await router?.close()
    await agent?.stop()
    await Promise.all(servers.map(server => server.close()))
  })

  const state = async (...revisions: readonly string[]): Promise<void> => {
    for (const [place, { name, port }] of servers.entries())
      await agent.register({
        id: name,
        name: 'mcp-tools',
        port,
        meta: { 'rm-tools-rev': revisions[place] ?? '' },
      })
  }
  const notes = async (): Promise<readonly string[]> =>
    (await router.clusters()).items.flatMap(cluster => cluster.notes ?? [])

  test('one list under two revisions is noted, on the command line too, until they agree again', async () => {
    assert.deepEqual(await notes(), [])
    await state('v1', 'v2')
    const [note = ''] = await until('a note', async () => {
      const all = await notes()
      return all.length > 0 && all
    })
    assert.match(note, /same tools.*rm-tools-rev.*v1 by test-node\/one, v2 by test-node\/two/)
    const said: string[] = []
    await runClusters(
      { server: router.adminUrl, output: 'table' },
      {
        print: () => undefined,
        say: line => void said.push(line),
        width: 100,
        isInteractive: false,
        paint: (_style, text) => text,
        env: {},
      },
    )
    assert.deepEqual(said, [`! tools: ${note}`])
    const served = answerOf(await modernCall(router.mcpUrl, 'echo'))
    assert.equal(served.error, undefined)
    await state('v2', 'v2')
    await until('no note', async () => (await notes()).length === 0)
  })
})
