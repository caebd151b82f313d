// `resources/subscribe` and `unsubscribe` of legacy sessions, to whichever owner in whichever era.
import type { Cluster } from '#router/clusters/cluster.ts'
import type { Decoded, Located, Resolved } from '#router/facts.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import type { After } from './caller-stream.ts'
import { MOST_RESOURCES, type SessionResources } from './session-resources.ts'
import { tellsOf } from './tellers.ts'

export interface SubscriptionPorts {
  readonly cluster: (name: string) => Cluster | undefined
  readonly after: After
  readonly resources: SessionResources
}

type Subscribing = Readonly<Decoded & Located & Resolved>

const refused = (says: string): Refusal => ({ code: 'RINGMAIN_CANNOT_BE_TOLD', says })

const TOO_MANY = `A session may subscribe to ${MOST_RESOURCES} resources, of short names, and all together to as many as can be asked for at once.`

/** For the first word of an owner; a change before it is told as one that may have been missed. */
const PATIENCE_MS = 2_000

export const subscriptions =
  (ports: SubscriptionPorts) =>
  async (call: Subscribing): Promise<'forward' | Refusal | undefined> => {
    const { session, cluster, ownName, message } = call
    if (session === undefined)
      return refused('It has no session, and so no stream on which it could be told.')
    if (session.members.some(member => member.cluster === cluster.name)) return 'forward'
    const { token } = session
    if (message.method === 'resources/unsubscribe') {
      void ports.resources.remove(token, cluster.name, ownName)
      return undefined
    }
    const live = ports.cluster(cluster.name)
    if (!tellsOf(live).hasSubscriptions) return refused('Its tool server tells nobody of them.')
    // Its own session there would be asked, if it had one: it is asked by the router's.
    const adding = ports.resources.add(token, cluster.name, ownName)
    const isAdded = await within(ports.after, adding)
    return isAdded ? undefined : refused(TOO_MANY)
  }

/** True, too, when it takes longer. */
function within(after: After, adding: Promise<boolean>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const cancel = after(PATIENCE_MS, () => resolve(true))
    adding.then(isAdded => {
      cancel()
      resolve(isAdded)
    }, reject)
  })
}
