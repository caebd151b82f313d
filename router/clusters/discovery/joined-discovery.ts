// Several sources as one, each with its own memory and its own faults: datacenters, of which one that is lost keeps its last
// set and takes nothing from the others.
import type { Discovery, DiscoveryStatus, Instance, Snapshot } from './instance.ts'

export interface JoinedSource {
  /** Of the datacenter: begins the key of each of its instances, since node and service ids may be the same in several. */
  readonly name: string
  readonly discovery: Discovery
}

export function createJoinedDiscovery(sources: readonly JoinedSource[]): Discovery {
  const snapshots = new Map<string, Snapshot>() // bounded by the sources
  return {
    start(publish) {
      for (const { name, discovery } of sources) {
        const named = namer(name)
        discovery.start(snapshot => {
          snapshots.set(name, { ...snapshot, instances: snapshot.instances.map(named) })
          publish(joined([...snapshots.values()]))
        })
      }
    },
    status: () => joinedStatus(sources),
    release(key) {
      for (const { name, discovery } of sources)
        if (key.startsWith(`${name}/`)) discovery.release(key.slice(name.length + 1))
    },
    async close() {
      await Promise.all(sources.map(({ discovery }) => discovery.close()))
    },
  }
}

/** What its source has not changed stays the same object here, too. */
function namer(datacenter: string): (instance: Instance) => Instance {
  const known = new WeakMap<Instance, Instance>()
  return instance => {
    const before = known.get(instance)
    if (before !== undefined) return before
    const named = { ...instance, key: `${datacenter}/${instance.key}`, datacenter }
    known.set(instance, named)
    return named
  }
}

/** As old as the oldest, and from disk while one of them is. */
const joined = (snapshots: readonly Snapshot[]): Snapshot => ({
  instances: snapshots.flatMap(({ instances }) => instances),
  asOfMs: Math.min(...snapshots.map(({ asOfMs }) => asOfMs)),
  from: snapshots.every(({ from }) => from === 'source') ? 'source' : 'disk',
})

function joinedStatus(sources: readonly JoinedSource[]): DiscoveryStatus {
  const all = sources.map(({ name, discovery }) => ({ name, status: discovery.status() }))
  const statuses = all.map(({ status }) => status)
  const problems = all.flatMap(({ name, status: { problem } }) =>
    problem === undefined ? [] : [`${name}: ${problem}`],
  )
  const notes = all.flatMap(({ name, status }) =>
    (status.notes ?? []).map(note => `${name}: ${note}`),
  )
  const answers = statuses.flatMap(({ answeredAtMs }) => answeredAtMs ?? [])
  const agent = statuses.find(status => status.agent !== undefined)?.agent
  const backend = statuses.find(status => status.backend !== undefined)?.backend
  const defects = statuses.reduce((sum, status) => sum + (status.defects ?? 0), 0)
  return {
    kind: 'consul',
    isSynced: statuses.every(({ isSynced }) => isSynced),
    failuresInRow: Math.max(...statuses.map(({ failuresInRow }) => failuresInRow)),
    ...(problems.length === 0 ? {} : { problem: problems.join('; ') }),
    ...(answers.length === 0 ? {} : { answeredAtMs: Math.min(...answers) }),
    ...(notes.length === 0 ? {} : { notes }),
    ...(agent === undefined ? {} : { agent }),
    ...(backend === undefined ? {} : { backend }),
    ...(defects === 0 ? {} : { defects }),
  }
}
