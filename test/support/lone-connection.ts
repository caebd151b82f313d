// One connection to a replica on a socket of which the test holds both ends, in time that the test moves.
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { TestContext } from 'node:test'
import { DeadlineWheel } from '#router/deadlines/deadline-wheel.ts'
import { Connection, type Control } from '#router/upstream/http1/connection.ts'
import { piecesOf, type Request } from '#router/upstream/http1/request.ts'
import { GET } from './ask-replica.ts'

/** `takes`: what is written to the socket leaves it. */
export function loneConnection(t: TestContext, takes = true) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let nowMs = 1_000
  const wheel = new DeadlineWheel(() => nowMs, 10)
  const told: string[] = []
  const connection = new Connection({
    nowMs: () => nowMs,
    wheel,
    onIdle: () => void told.push('idle'),
    onClosed: () => void told.push('closed'),
  })
  const socket = new Duplex({
    allowHalfOpen: false,
    read: () => undefined,
    write: (_chunk, _encoding, done) => void (takes && done()),
  })
  const outgoing = (request: Partial<Request>) => {
    const whole = { ...GET, firstByteMs: 0, idleMs: 0, ...request }
    return { request: whole, pieces: piecesOf(whole, 'a') }
  }
  const handler = (isWanted = true) => {
    const heard: string[] = []
    let control: Control | undefined
    return {
      heard,
      control: () => control as Control,
      onStart: (it: Control) => {
        control = it
        return isWanted
      },
      onHead: ({ status }: { readonly status: number }) => void heard.push(`head ${status}`),
      onData: (bytes: Buffer) => void heard.push(String(bytes)),
      onEnd: () => void heard.push('end'),
      onFailed: (error: NodeJS.ErrnoException) => void heard.push(error.code ?? error.message),
    }
  }
  const memory = connection.onread.buffer as Buffer
  return {
    connection,
    socket,
    wheel,
    told,
    /** Its first request, on a socket that is there at once. */
    begin: (request: Partial<Request> = {}, isWanted = true) => {
      const first = handler(isWanted)
      connection.await(outgoing(request), first)
      connection.open(socket as unknown as Socket)
      return first
    },
    next: (request: Partial<Request> = {}) => {
      const next = handler()
      connection.send(outgoing(request), next)
      return next
    },
    say: (bytes: string) => connection.onread.callback(memory.write(bytes, 'latin1'), memory),
    pass: (ms: number) => {
      for (let passed = 0; passed < ms; passed += 10) {
        nowMs += 10
        t.mock.timers.tick(10)
      }
    },
  }
}
