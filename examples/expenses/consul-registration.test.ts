// Registration against an agent that answers as told: when a replica registers, and when it must not.
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { createConsulRegistration } from './consul-registration.ts'

const replica = {
  id: 'search-1',
  service: 'mcp-search',
  host: '127.0.0.1',
  port: 1,
  eras: ['modern', 'legacy'],
  zone: 'a',
}

async function agent(t: TestContext) {
  const state = { nodeId: 'first', registered: [] as unknown[], deregistered: [] as string[] }
  const { promise: told, resolve } = Promise.withResolvers<void>()
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request)
    const path = (request.url ?? '').split('?')[0] ?? ''
    if (path === '/v1/agent/self') {
      response.end(JSON.stringify({ Config: { NodeID: state.nodeId } }))
      return
    }
    if (path === '/v1/agent/service/register') {
      state.registered.push(JSON.parse(body))
      resolve()
    } else state.deregistered.push(path)
    response.end()
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, state, told }
}

test('a replica says what it is and how it is checked, and takes itself out again', async t => {
  const { url, state, told } = await agent(t)
  const registration = createConsulRegistration(url, replica, () => undefined)
  registration.start()
  await told
  await registration.deregister()
  assert.equal(state.registered.length, 1)
  const body = state.registered[0] as Readonly<Record<string, Readonly<Record<string, unknown>>>>
  assert.equal(body['ID'], 'search-1')
  assert.equal(body['Name'], 'mcp-search')
  assert.deepEqual(body['Meta'], {
    'rm-v': '1',
    'rm-path': '/mcp',
    'rm-eras': 'modern,legacy',
    'rm-zone': 'a',
  })
  assert.equal(body['Check']?.['HTTP'], 'http://127.0.0.1:1/healthz')
  assert.equal(body['Check']?.['Interval'], '1s')
  assert.deepEqual(state.deregistered, ['/v1/agent/service/deregister/search-1'])
})

test('it registers again with another agent, and not with the same one', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { url, state, told } = await agent(t)
  const sentences: string[] = []
  const { promise: toldTwice, resolve } = Promise.withResolvers<void>()
  const registration = createConsulRegistration(url, replica, sentence => {
    if (sentences.push(sentence) === 2) resolve()
  })
  registration.start()
  await told
  await settled()
  t.mock.timers.tick(2_000)
  await settled()
  assert.equal(state.registered.length, 1)
  state.nodeId = 'second'
  t.mock.timers.tick(2_000)
  await toldTwice
  assert.equal(state.registered.length, 2)
  await registration.deregister()
})

test('an agent that is not there is reported once and costs nothing at the end', async () => {
  const sentences: string[] = []
  const { promise: told, resolve } = Promise.withResolvers<void>()
  const registration = createConsulRegistration('http://127.0.0.1:1', replica, sentence => {
    sentences.push(sentence)
    resolve()
  })
  registration.start()
  await told
  await registration.deregister()
  assert.equal(sentences.length, 1)
  assert.match(sentences[0] ?? '', /does not answer .* trying again/)
})

/** Until sockets have had their turns: the answers of a server in this process need several. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise(resolve => setImmediate(resolve))
}
