// A replica that is a Ringmain router, perhaps the very one that asks: calls would go round in circles.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checked } from '#test/support/checked-replica.ts'
import { legacyScript, MODERN_SCRIPT, type Script } from '#test/support/small-replica.ts'

/** As `checked` names the router that asks. */
const OURS = { name: 'ringmain', version: '1' }

const named = (serverInfo: unknown): Readonly<Record<string, Script>> => ({
  modern: {
    ...MODERN_SCRIPT,
    'server/discover': ({ result }) =>
      result({
        supportedVersions: ['2026-07-28'],
        capabilities: {},
        _meta: { 'io.modelcontextprotocol/serverInfo': serverInfo },
      }),
  },
  legacy: {
    ...legacyScript('s-1'),
    initialize: ({ result, params }) =>
      result(
        { protocolVersion: params['protocolVersion'], capabilities: {}, serverInfo },
        { 'mcp-session-id': 's-1' },
      ),
  },
})

for (const [era, script] of Object.entries(named(OURS)))
  test(`a ${era} server that gives the name of a router is down, and told why`, async t => {
    const { check, endpoint, replica } = await checked(t, script)
    const down = {
      ok: false,
      reason: 'it is a Ringmain router, perhaps this one',
      isRefused: false,
    }
    assert.deepEqual(await check(), down)
    endpoint.learned = { eras: [era as 'modern' | 'legacy'], isSessionful: true, tools: new Map() }
    assert.deepEqual(await check(false), down)
    assert.equal(replica.sessions.size, 0)
  })

test('any other name, or none that can be read, is a replica', async t => {
  for (const serverInfo of [{ name: 'Ringmain tools' }, { name: 5 }, 'ringmain', null])
    for (const script of Object.values(named(serverInfo)))
      assert.equal((await (await checked(t, script)).check()).ok, true)
})
