// A tool server that is replaced in place by one of the other era, while callers of both go on: what was believed of it is found out to be
// wrong, no call runs twice for that, and calls go on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerWith, startHostile, toolResult } from '#test/support/hostile-server.ts'
import { answerOf, legacyCall, modernCall, openSession, problemOf } from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { until } from '#test/support/until.ts'

const ERAS = ['modern', 'legacy'] as const

for (const from of ERAS) {
  const to = from === 'modern' ? 'legacy' : 'modern'
  test(`a ${from} server becomes a ${to} one: callers of both eras go on`, async t => {
    let ran = 0
    const server = await startHostile(
      {
        'tools/call': (asked, response) => {
          ran += 1
          answerWith(asked, response, toolResult(asked.isModern ? 'modern' : 'legacy'))
        },
      },
      [from],
    )
    const health = { interval: '500ms', timeout: '5s', rise: 1, fall: 1 }
    const running = await runRouter(
      documents(
        clusterOf('tools', [server.url], { health }),
        serverOf('default', ['tools'], { naming: 'plain' }),
      ),
    )
    t.after(async () => {
      await running.close()
      await server.close()
    })
    await running.untilUp('tools', 1)
    const session = await openSession(running.mcpUrl)
    const call = {
      modern: () => modernCall(running.mcpUrl, 'echo'),
      legacy: () => legacyCall(running.mcpUrl, 'echo', {}, session === '' ? {} : { session }),
    }
    const spokenTo = async (era: 'modern' | 'legacy'): Promise<string | undefined> => {
      const { result } = answerOf(await call[era]())
      const [first] = (result?.['content'] ?? []) as readonly { readonly text: string }[]
      return result?.['isError'] === true ? undefined : first?.text
    }
    for (const era of ERAS) assert.equal(await spokenTo(era), from)

    server.eras = [to]
    const before = ran
    let refused = 0
    await until('calls to reach it again', async () => {
      const answer = await call.modern()
      const problem = problemOf(answer)
      if (problem === undefined) return true
      refused += 1
      return false
    })
    assert.equal(ran, before + 1)
    for (const era of ERAS) assert.equal(await spokenTo(era), to)
    assert.equal(ran, before + 3)
    t.diagnostic(`${refused} calls were refused before that`)
  })
}
