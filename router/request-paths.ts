// What happens to a request, in order. Read top to bottom; settled bottom to top.
import type { Clock } from '#foundation/clock.ts'
import type { Arrived, Decoded, McpAnswer, Recorded } from './facts.ts'
import { type Path, path, type Respond } from './pipeline/pipeline.ts'
import type { Refusal } from './pipeline/stage.ts'
import { type Deadlines, deadline } from './stages/deadline.ts'
import { decode, type Eras } from './stages/decode.ts'
import { type CallsUnderWay, enlist } from './stages/enlist.ts'
import { type AttemptPath, forward, type Judge } from './stages/forward.ts'
import { gather, type Lists } from './stages/gather.ts'
import { greet, type Handshakes } from './stages/greet.ts'
import { lapse } from './stages/lapse.ts'
import { listen, type Streams } from './stages/listen.ts'
import { locate, type Servers } from './stages/locate.ts'
import { type Answers, type Cancellations, notice } from './stages/notice.ts'
import { type Farewells, part } from './stages/part.ts'
import { type Observations, record } from './stages/record.ts'
import { type Offers, resolve } from './stages/resolve.ts'
import { type Shedding, shed } from './stages/shed.ts'
import { type Subscriptions, subscribe } from './stages/subscribe.ts'

export interface Ports {
  readonly clock: Clock
  readonly observations: Observations
  readonly eras: Eras
  readonly table: Servers & Offers
  readonly shedding: Shedding
  readonly deadlines: Deadlines
  readonly attempts: AttemptPath
  readonly judge: Judge
  readonly lists: Lists
  readonly handshakes: Handshakes
  readonly cancellations: CallsUnderWay & Cancellations
  readonly answers: Answers
  readonly farewells: Farewells
  readonly streams: Streams
  readonly subscriptions: Subscriptions
  readonly respond: Respond<McpAnswer, Arrived, Recorded & Decoded>
}

export const requestPath = (p: Ports): Path<McpAnswer, Arrived> =>
  path<McpAnswer, Arrived>()
    .stage(record(p.observations, p.clock)) // first in, last out: every outcome leaves one line
    .stage(decode(p.eras)) // bytes to one message; the era is fixed here
    .stage(lapse(p.farewells)) // whoever is told that its session is not known opens another
    .stage(locate(p.table)) // path to virtual server
    .fork(call => call.list, {
      call: rest =>
        rest
          .stage(shed(p.shedding)) // under overload, what matters least is not served
          .stage(resolve(p.table)) // tool to cluster, wire name to own name
          .stage(deadline(p.deadlines)) // from its arrival on, by policy and by the caller's word
          .stage(enlist(p.cancellations)) // a legacy cancellation finds it
          .stage(forward(p.attempts, p.judge)), // choose and send; again only where that is safe
      subscribe: rest =>
        rest
          .stage(shed(p.shedding))
          .stage(resolve(p.table)) // resource to cluster
          .stage(subscribe(p.subscriptions)) // the router's to remember, or its replica's to answer
          .stage(deadline(p.deadlines))
          .stage(enlist(p.cancellations))
          .stage(forward(p.attempts, p.judge)),
      stream: rest => rest.stage(shed(p.shedding)).stage(listen(p.streams)), // no deadline ends it
      list: rest => rest.stage(shed(p.shedding)).stage(gather(p.lists)), // one page of every cluster
      handshake: rest => rest.stage(shed(p.shedding)).stage(greet(p.handshakes)), // the router's own to answer
      notice: rest => rest.stage(notice(p.cancellations, p.answers)), // nothing to answer
      close: rest => rest.stage(part(p.farewells)), // a legacy session ends
    })
    .respond(p.respond) // every outcome in the caller's era

/** Turned away before it was read: by the listener's limits, its allow-lists, or because the router is draining. */
export interface TurnedAway {
  readonly turnedAway: Refusal
}

export const turnedAwayPath = (
  p: Pick<Ports, 'clock' | 'observations' | 'respond'>,
): Path<McpAnswer, Arrived & TurnedAway> =>
  path<McpAnswer, Arrived & TurnedAway>()
    .stage(record(p.observations, p.clock)) // it leaves its line like any other
    .stage({ name: 'turn away', decide: call => ({ kind: 'refuse', refusal: call.turnedAway }) }) // the listener has decided
    .respond(p.respond) // in words, where HTTP alone would be mute
