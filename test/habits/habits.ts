// What clients of the field do that the specification does not say, or says otherwise, as raw HTTP; what becomes of it here, and why.
// They are as public threads of 2025 and 2026 tell of them, by whom they name; what those clients do today is not known here.
import assert from 'node:assert/strict'
import {
  answerOf,
  BOTH,
  legacyHeaders,
  legacyRequest,
  modernHeaders,
  modernRequest,
  openSession,
} from '#test/support/raw-http.ts'
import {
  CALL,
  type Habit,
  initialize,
  inSession,
  isRefused,
  isServed,
  modernRequestWithoutMeta,
  sessionOf,
  withHeader,
  without,
} from './play.ts'

export const HABITS: readonly Habit[] = [
  {
    who: 'Claude Code, claude.ai',
    does: 'probes with server/discover, and then initializes all the same',
    verdict: 'served',
    because: 'a request is of the era that its body says; nothing is kept of the one before',
    play: async scene => {
      const probe = modernRequest('server/discover', {}, { id: 'server-discover-probe-1' })
      const found = answerOf(await scene.send(probe))
      assert.equal(found.id, 'server-discover-probe-1')
      assert.deepEqual(found.result?.['supportedVersions'], ['2026-07-28'])
      const session = await sessionOf(scene)
      await isServed(scene, () => scene.send(legacyRequest('tools/call', CALL, inSession(session))))
    },
  },
  {
    who: 'Claude Code',
    does: 'sends a modern body under the header of 2025-11-25',
    verdict: 'refused',
    because: 'the specification has a server refuse it with -32020, upon which clients fall back',
    play: scene => {
      const request = modernRequest('tools/call', CALL)
      return isRefused(
        scene,
        () => scene.send(withHeader(request, 'mcp-protocol-version', '2025-11-25')),
        400,
        -32_020,
      )
    },
  },
  {
    who: 'claude.ai',
    does: 'names no version in a session',
    verdict: 'served',
    because: 'the session has one',
    play: async scene => {
      const asked = inSession(await sessionOf(scene))
      const request = without(legacyRequest('tools/call', CALL, asked), 'mcp-protocol-version')
      await isServed(scene, () => scene.send(request))
    },
  },
  {
    who: 'ChatGPT (openai-mcp), claude.ai',
    does: 'opens a session and forgets its id',
    verdict: 'served',
    because:
      'a call that names no session needs none: the router opens one at the server where it must',
    play: async scene => {
      await sessionOf(scene)
      await isServed(scene, () => scene.send(legacyRequest('tools/call', CALL)))
    },
  },
  {
    who: 'ChatGPT (openai-mcp)',
    does: 'opens a session for each few calls and ends none',
    verdict: 'served',
    because: 'a session is its id, and a router keeps nothing of it',
    play: async scene => {
      for (let count = 0; count < 20; count += 1) {
        const asked = inSession(await sessionOf(scene))
        await isServed(scene, () => scene.send(legacyRequest('tools/call', CALL, asked)))
      }
    },
  },
  {
    who: 'a hosted assistant',
    does: 'numbers every request 1, those of one session at the same time included',
    verdict: 'served',
    because: 'towards a server of the legacy era each call has an id of the router’s own',
    play: async scene => {
      const asked = inSession(await sessionOf(scene))
      const texts = ['a', 'b', 'c', 'd']
      const answers = await Promise.all(
        texts.map(text =>
          scene.send(
            legacyRequest('tools/call', { name: 'echo', arguments: { text } }, { ...asked, id: 1 }),
          ),
        ),
      )
      for (const [index, answer] of answers.entries())
        assert.match(answer.body.toString(), new RegExp(`"${texts[index]}"`))
    },
  },
  {
    who: 'SparkyFitness’ clients, VS Code',
    does: 'names 2026-07-28 in the header of a session of 2025-11-25',
    verdict: 'served',
    because:
      'a session is held under its own version, so long as the header names one that is spoken',
    play: async scene => {
      const session = await sessionOf(scene)
      if (session === '') return // nothing tells then that it is not modern: the next one
      const request = legacyRequest('tools/call', CALL, { session, version: '2026-07-28' })
      await isServed(scene, () => scene.send(request))
    },
  },
  {
    who: 'the same without a session',
    does: 'names 2026-07-28 in the header of a body that says nothing of it',
    verdict: 'refused',
    because:
      'a header moves no request to another era, and without the body’s word the modern one is not meant',
    play: scene =>
      isRefused(
        scene,
        () =>
          scene.send(withHeader(modernRequestWithoutMeta(), 'mcp-protocol-version', '2026-07-28')),
        400,
        -32_602,
      ),
  },
  {
    who: 'Copilot Studio, Codex',
    does: 'fails at anything but 202 without a body for a notification',
    verdict: 'served',
    because: 'that is what the specification says',
    play: async scene => {
      const asked = inSession(await sessionOf(scene))
      const { body: _, ...request } = legacyRequest('notifications/initialized', {}, asked)
      const answer = await scene.send({
        ...request,
        body: '{"jsonrpc":"2.0","method":"notifications/initialized"}',
      })
      assert.deepEqual([answer.status, answer.body.length], [202, 0])
    },
  },
  {
    who: 'Gemini CLI',
    does: 'sends no Accept, or only one of the two types',
    verdict: 'served',
    because: 'one type is enough to be answered in, and none is any',
    play: async scene => {
      const request = legacyRequest('tools/call', CALL)
      await isServed(scene, () => scene.send(without(request, 'accept')))
      for (const accept of ['application/json', 'text/event-stream', '*/*', BOTH.toUpperCase()])
        await isServed(scene, () => scene.send(withHeader(request, 'accept', accept)))
    },
  },
  {
    who: 'Amazon Q CLI',
    does: 'asks for a protocol version of "2"',
    verdict: 'served',
    because: 'a version that is not known is answered with one that is, and the client decides',
    play: async scene => {
      const answer = await scene.send(initialize('2'))
      assert.equal(answer.status, 200)
      assert.equal(answerOf(answer).result?.['protocolVersion'], '2025-11-25')
    },
  },
  {
    who: 'clients of 2025-06-18 and before',
    does: 'go on under the version they asked for, or name another one than was agreed',
    verdict: 'served',
    because: 'all of the legacy era are one here',
    play: async scene => {
      for (const version of ['2025-03-26', '2025-06-18']) {
        const session = await openSession(scene.url, version)
        for (const named of [version, '2025-11-25'])
          await isServed(scene, () =>
            scene.send(
              legacyRequest('tools/call', CALL, { ...inSession(session), version: named }),
            ),
          )
      }
    },
  },
  {
    who: 'clients of 2025-03-26',
    does: 'sends several messages in one body',
    verdict: 'refused',
    because:
      'every later revision took that back, and one refusal for many calls would be read as none',
    play: scene => {
      const one = JSON.parse(String(legacyRequest('tools/call', CALL).body)) as unknown
      return isRefused(
        scene,
        () => scene.send({ headers: legacyHeaders(), body: JSON.stringify([one, one]) }),
        400,
        -32_600,
      )
    },
  },
  {
    who: 'many',
    does: 'names the coding of its JSON',
    verdict: 'served',
    because: 'it is UTF-8 whatever is said',
    play: scene =>
      isServed(scene, () =>
        scene.send(
          withHeader(
            modernRequest('tools/call', CALL),
            'content-type',
            'application/json; charset=utf-8',
          ),
        ),
      ),
  },
  {
    who: 'Antigravity (go-sdk)',
    does: 'sends a notification under the modern header, without the `_meta` that goes with it',
    verdict: 'served',
    because: 'a notification runs nothing, and a client that is refused one gives up',
    play: async scene => {
      const answer = await scene.send({
        headers: modernHeaders('notifications/initialized'),
        body: '{"jsonrpc":"2.0","method":"notifications/initialized"}',
      })
      assert.deepEqual([answer.status, answer.body.length], [202, 0], answer.body.toString())
    },
  },
  {
    who: 'langchain4j, and whoever else uses the HTTP client of Java',
    does: 'offers HTTP/2 with each request on a new connection without TLS',
    verdict: 'served',
    because: 'the request is whole in HTTP/1.1, and an offer need not be taken (RFC 9110, 7.8)',
    play: async scene => {
      const offer = {
        connection: 'Upgrade, HTTP2-Settings',
        upgrade: 'h2c',
        'http2-settings': 'AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
      }
      await isServed(scene, () => scene.send(modernRequest('tools/call', CALL, { headers: offer })))
      const asked = { ...inSession(await sessionOf(scene)), headers: offer }
      await isServed(scene, () => scene.send(legacyRequest('tools/call', CALL, asked)))
    },
  },
  {
    who: 'whoever wants a WebSocket',
    does: 'asks to change to another protocol than HTTP/2',
    verdict: 'refused',
    because: 'behind a proxy that believes it, the rest of the connection would be nobody’s',
    play: scene => {
      const headers = { connection: 'Upgrade', upgrade: 'websocket' }
      return isRefused(
        scene,
        () => scene.send(modernRequest('tools/call', CALL, { headers })),
        400,
        -32_600,
      )
    },
  },
]
