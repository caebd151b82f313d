// Ports of the whole path in memory, which answer well and note that they were asked.
import assert from 'node:assert/strict'
import type { Decoded } from '#router/facts.ts'
import type { Ports } from '#router/request-paths.ts'
import type { CallRecord } from '#router/stages/record.ts'
import { callAs } from './call-facts.ts'
import { answeredAs, fakeBody } from './fake-body.ts'
import { fakeDeadline } from './fake-deadline.ts'
import { freeRetries } from './free-retries.ts'
import { EMPTY_PAGE, NO_CATALOG } from './no-catalog.ts'

/** Ports that answer well and say so in the log; a test puts its own in the place of one. */
export function portsThatSay(log: string[], records: CallRecord[], decoded: Decoded): Ports {
  const { server, cluster } = callAs()
  const say = <T>(word: string, value: T): T => {
    log.push(word)
    return value
  }
  return {
    clock: { nowMs: () => 0, wallMs: () => 0 },
    observations: {
      began: () => void log.push('began'),
      ended: one => {
        records.push(one)
        log.push('ended')
      },
    },
    eras: { decode: () => say('decode', { kind: 'ok', value: decoded } as const) },
    table: {
      server: () => say('locate', server),
      assistant: () => undefined,
      cluster: () => say('resolve', cluster),
      tool: () => ({ mirrors: [] }),
      ...NO_CATALOG,
      replay: () => ({ isReplayable: false }),
      mirror: () => ({ kind: 'ok', headers: [], dropped: 0 }),
    },
    shedding: { refusalOf: () => undefined },
    deadlines: { open: () => say('deadline', fakeDeadline().deadline) },
    attempts: freeRetries(() =>
      say('choose', {
        kind: 'target',
        target: {
          endpoint: 'r1',
          isBound: false,
          typicalMs: () => 1,
          forgo: () => assert.fail('it is sent'),
          send: () =>
            say('send', {
              attempt: Promise.resolve(answeredAs(200, {}, fakeBody())),
              upstreamIdJson: '7',
              abandon: () => void log.push('abandon'),
              expire: () => void log.push('expire'),
              ended: () => undefined,
              relearn: () => void log.push('relearn'),
            }),
        },
      } as const),
    ),
    judge: () => say('judge', { kind: 'result', resultJson: '{}' }),
    lists: {
      page: () => say('page', Promise.resolve(EMPTY_PAGE)),
      openCursor: () => [],
      begin: () => ({ encode: () => say('encode', [Buffer.from('{}')]) }),
    },
    handshakes: {
      discover: () => say('discover', { resultJson: '{}' }),
      initialize: () => say('initialize', Promise.resolve({ resultJson: '{}', sessionToken: 's' })),
      setLevel: () => assert.fail('nobody logs'),
      forsake: () => assert.fail('its caller is there'),
    },
    cancellations: { add: () => () => undefined, cancel: () => void log.push('cancel') },
    answers: { answer: async () => undefined, tellAll: () => undefined },
    streams: {
      open: () =>
        say(
          'open',
          Promise.resolve({
            stream: { run: () => Promise.resolve(undefined), cut: () => undefined },
          }),
        ),
    },
    subscriptions: { subscribe: () => say('subscribe', Promise.resolve(undefined)) },
    farewells: {
      end: () => say('end session', Promise.resolve()),
      lapsed: () => say('lapsed', undefined),
    },
    respond: outcome => void log.push(`respond ${outcome.kind}`),
  }
}
