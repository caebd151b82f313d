// A replica that is a Ringmain router: it is one like any other, unless it says that the check has come round.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checked } from '#test/support/checked-replica.ts'
import { legacyScript, MODERN_SCRIPT, type Script } from '#test/support/small-replica.ts'

const serverInfo = { name: 'ringmain', version: '1' }

const NAMED: Readonly<Record<string, Script>> = {
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
}

for (const [era, script] of Object.entries(NAMED)) {
  test(`a ${era} server that gives the name of a router is a replica`, async t => {
    const { check, replica } = await checked(t, script)
    assert.equal((await check()).ok, true)
    assert.deepEqual(
      [...new Set(replica.asked.map(({ headers }) => headers['x-ringmain-via']))],
      ['r1'],
    )
  })

  test(`a ${era} router that says it is asked by itself is down, and told why`, async t => {
    const round: Script = Object.fromEntries(
      Object.keys(script).map(method => [method, ({ error }) => error(508, -31_975)]),
    )
    const { check, endpoint, replica } = await checked(t, round)
    const down = {
      ok: false,
      reason: 'it is a Ringmain router that leads back to this one',
      isRefused: false,
    }
    assert.deepEqual(await check(), down)
    endpoint.learned = { eras: [era as 'modern' | 'legacy'], isSessionful: true, tools: new Map() }
    assert.deepEqual(await check(false), down)
    assert.equal(replica.sessions.size, 0)
  })
}
