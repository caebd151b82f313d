// The connections to one replica: the one used last is used next, so that those beyond what is needed grow old and are closed. As many as
// there are requests at once, which the cluster limits. Sends each request once, on one connection, whatever becomes of it.
import {
  type Connecting,
  Connection,
  type ConnectionPorts,
  type ResponseHandler,
} from './connection.ts'
import { closedHere } from './faults.ts'
import type { Outbox } from './outbox.ts'
import { type Pieces, piecesOf, type Request } from './request.ts'

/** Where requests to one replica go. */
export interface RequestWay {
  /** Never throws; `handler` hears what became of it. */
  readonly dispatch: (request: Request, handler: ResponseHandler) => void
}

/** Tells the connection of its socket, or that there is none; once, after it has returned. */
export type Connect = (connection: Connecting) => void

/** One of each for all replicas. */
export type SharedPorts = Pick<ConnectionPorts, 'nowMs' | 'wheel'> & { readonly outbox: Outbox }

export class ReplicaConnections implements RequestWay {
  readonly #host: string
  readonly #connect: Connect
  readonly #outbox: Outbox
  readonly #ports: ConnectionPorts
  /** Those that are being made, too. Bounded by the requests at once. */
  readonly #all = new Set<Connection>()
  /** The one used last comes last. Bounded by the above. */
  readonly #idle: Connection[] = []
  /** Requests that go out at the end of this turn of the loop. */
  #waiting = 0
  #isClosing = false
  #isDestroyed = false
  readonly #closed = Promise.withResolvers<void>()

  /** `host`: as in the URL of the replica. */
  constructor(host: string, connect: Connect, { outbox, ...ports }: SharedPorts) {
    this.#host = host
    this.#connect = connect
    this.#outbox = outbox
    this.#ports = {
      ...ports,
      onIdle: connection => this.#rest(connection),
      onClosed: connection => this.#forget(connection),
    }
  }

  /** Nothing is under way on any of them. */
  get isIdle(): boolean {
    return this.#all.size + this.#waiting === this.#idle.length
  }

  dispatch(request: Request, handler: ResponseHandler): void {
    this.#waiting += 1
    this.#outbox.put(() => {
      this.#waiting -= 1
      if (this.#isDestroyed) handler.onFailed(closedHere())
      else this.#send(request, handler)
    })
  }

  /** Lets what is under way finish, and resolves when the last connection has closed. */
  close(): Promise<void> {
    this.#isClosing = true
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) idle.destroy()
    this.#told()
    return this.#closed.promise
  }

  /** At once, whatever is under way. */
  destroy(): void {
    this.#isDestroyed = true
    void this.close()
    for (const connection of this.#all) connection.destroy()
  }

  #send(request: Request, handler: ResponseHandler): void {
    let pieces: Pieces
    try {
      pieces = piecesOf(request, this.#host)
    } catch (error) {
      handler.onFailed(error as Error)
      this.#told()
      return
    }
    const outgoing = { pieces, request }
    const idle = this.#takeIdle()
    if (idle === undefined) {
      const connection = new Connection(this.#ports)
      this.#all.add(connection)
      connection.await(outgoing, handler)
      this.#connect(connection)
    } else if (!idle.send(outgoing, handler)) this.#idle.push(idle)
  }

  /** One whose time is over may be closed by the other side at any moment: it is not left to the tick to notice. */
  #takeIdle(): Connection | undefined {
    const connection = this.#idle.pop()
    if (connection === undefined || connection.dueMs > this.#ports.nowMs()) return connection
    connection.destroy()
    return this.#takeIdle()
  }

  #rest(connection: Connection): void {
    if (this.#isClosing) connection.destroy()
    else this.#idle.push(connection)
  }

  #forget(connection: Connection): void {
    this.#all.delete(connection)
    const place = this.#idle.indexOf(connection)
    if (place !== -1) this.#idle.splice(place, 1)
    this.#told()
  }

  #told(): void {
    if (this.#isClosing && this.#all.size + this.#waiting === 0) this.#closed.resolve()
  }
}
