// Every habit before every kind of tool server: the verdict of the table, whatever stands behind the router.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { HABITS } from './habits.ts'
import { sendTo } from './play.ts'

const UPSTREAMS = {
  modern: await startScripted({ name: 'modern', eras: ['modern'], tools: ['echo'] }),
  stateless: await startScripted({ name: 'stateless', eras: ['legacy'], tools: ['echo'] }),
  sessionful: await startScripted({
    name: 'sessionful',
    eras: ['legacy'],
    isSessionful: true,
    tools: ['echo'],
  }),
}
const names = Object.keys(UPSTREAMS) as readonly (keyof typeof UPSTREAMS)[]
const router = await runRouter(
  documents(
    ...names.map(name => clusterOf(name, [UPSTREAMS[name].url])),
    ...names.map(name => serverOf(name, [name], { naming: 'plain' })),
  ),
)
for (const name of names) await router.untilUp(name, 1)

after(async () => {
  await router.close()
  await Promise.all(Object.values(UPSTREAMS).map(server => server.close()))
})

for (const { who, does, verdict, play } of HABITS)
  test(`${who}: ${does}: ${verdict}`, async () => {
    for (const name of names) {
      const url = `${router.mcpUrl}/${name}`
      const executions = (): number => UPSTREAMS[name].executions('echo')
      await play({ url, send: sendTo(url), executions }).catch((error: unknown) => {
        throw new Error(`before a ${name} server: ${(error as Error).message}`, { cause: error })
      })
    }
  })

test('every habit says why its verdict is what it is', () => {
  for (const { who, because } of HABITS) assert.ok(because.length > 10, who)
})
