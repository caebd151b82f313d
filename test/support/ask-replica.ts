// One plain request to a replica over the router's own connections, and the whole of what came back.

import type { Fields } from '#router/http1/fields.ts'
import type { Control } from '#router/upstream/http1/connection.ts'
import type { RequestWay } from '#router/upstream/http1/replica-connections.ts'
import type { Request } from '#router/upstream/http1/request.ts'

export interface Answered {
  readonly status: number
  readonly fields: Fields
  readonly text: string
}

export const GET: Request = {
  method: 'GET',
  path: '/',
  fieldLines: '',
  body: undefined,
  firstByteMs: 5_000,
  idleMs: 5_000,
}

/** Rejects with what the connection says. `onStart`: the request goes out now; `onHead`: its answer begins. */
export function askReplica(
  way: RequestWay,
  request: Partial<Request> = {},
  onStart: (control: Control) => void = () => undefined,
  onHead: () => void = () => undefined,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    let [status, fields]: [number, Fields] = [0, []]
    const pieces: Buffer[] = []
    way.dispatch(
      { ...GET, ...request },
      {
        onStart: control => {
          onStart(control)
          return true
        },
        onHead: head => {
          status = head.status
          fields = head.fields
          onHead()
        },
        onData: lent => void pieces.push(Buffer.from(lent)),
        onEnd: () => resolve({ status, fields, text: Buffer.concat(pieces).toString() }),
        onFailed: reject,
      },
    )
  })
}

export const text = async (asking: Promise<Answered>): Promise<string> => (await asking).text

/** The code of what it failed with. */
export const fault = (asking: Promise<Answered>): Promise<string> =>
  asking.then(
    () => 'answered',
    (error: unknown) => String((error as NodeJS.ErrnoException).code),
  )
