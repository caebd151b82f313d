// From a V8 CPU profile to who spent the time: self time by function and by module, and for our own functions what they call
// as well, since a cheap function can be an expensive caller.
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: {
      readonly functionName: string
      readonly url: string
      readonly lineNumber: number
    }
    /** Nodes of what it called. */
    readonly children?: readonly number[]
  }[]
  readonly samples?: readonly number[]
  readonly timeDeltas?: readonly number[]
}

export interface Share {
  readonly name: string
  /** Of the time that was not idle, 0 to 1. */
  readonly share: number
}

export interface SelfTime {
  /** Of the whole time. */
  readonly idleShare: number
  readonly functions: readonly Share[]
  readonly modules: readonly Share[]
  /** Functions of the repository, with all that they called. */
  readonly whole: readonly Share[]
}

/** Turning the sampler on takes long, and is no work of the program. */
const SAMPLER = 'node:inspector'

export function selfTimeOf(profile: CpuProfile, root: string): SelfTime {
  const frames = new Map(profile.nodes.map(node => [node.id, node.callFrame]))
  const callers = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map(child => [child, id] as const)),
  )
  const byFunction = new Map<string, number>() // bounded, as the others, by the functions of the program
  const byModule = new Map<string, number>()
  const byWhole = new Map<string, number>()
  let idleUs = 0
  let busyUs = 0
  for (const [index, id] of (profile.samples ?? []).entries()) {
    const us = Math.max(0, profile.timeDeltas?.[index] ?? 0)
    const frame = frames.get(id)
    if (frame === undefined || frame.url.startsWith(SAMPLER)) continue
    if (frame.functionName === '(idle)') {
      idleUs += us
      continue
    }
    busyUs += us
    add(byFunction, nameOf(frame, root), us)
    add(byModule, roomOf(moduleOf(frame.url, root), frame.functionName), us)
    for (const name of ownCallersOf(id, frames, callers, root)) add(byWhole, name, us)
  }
  return {
    idleShare: idleUs / Math.max(1, idleUs + busyUs),
    functions: sharesOf(byFunction, busyUs),
    modules: sharesOf(byModule, busyUs),
    whole: sharesOf(byWhole, busyUs),
  }
}

type Frame = CpuProfile['nodes'][number]['callFrame']

function nameOf({ url, functionName }: Frame, root: string): string {
  const module = moduleOf(url, root)
  const called = functionName || '(no name)'
  return module === '' ? called : `${module}:${called}`
}

/** Each once, however often it stands on the stack. */
function ownCallersOf(
  id: number,
  frames: ReadonlyMap<number, Frame>,
  callers: ReadonlyMap<number, number>,
  root: string,
): ReadonlySet<string> {
  const names = new Set<string>()
  for (let at: number | undefined = id; at !== undefined; at = callers.get(at)) {
    const frame = frames.get(at)
    if (frame !== undefined && isOwn(frame.url, root)) names.add(nameOf(frame, root))
  }
  return names
}

const isOwn = (url: string, root: string): boolean =>
  url.replace(/^file:\/\//, '').startsWith(`${root}/`) && !url.includes('/node_modules/')

function add(sums: Map<string, number>, name: string, us: number): void {
  sums.set(name, (sums.get(name) ?? 0) + us)
}

const sharesOf = (sums: ReadonlyMap<string, number>, total: number): readonly Share[] =>
  [...sums]
    .map(([name, us]) => ({ name, share: us / Math.max(1, total) }))
    .toSorted((one, other) => other.share - one.share)

/** Short: a path in the repository, a package's name and file, `node:` something; empty for what is no JavaScript. */
function moduleOf(url: string, root: string): string {
  const path = url.replace(/^file:\/\//, '')
  const inPackage = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)$/.exec(path)
  if (inPackage !== null) return `${inPackage[1]}/${(inPackage[2] ?? '').split('/').at(-1) ?? ''}`
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path
}

/** The folder of the repository, the package, or the runtime. */
function roomOf(module: string, functionName: string): string {
  if (module === '') return functionName.startsWith('(') ? functionName : 'native code'
  if (module.startsWith('node:')) return module
  return module.split('/').slice(0, -1).join('/') || module
}

const MOST_FUNCTIONS = 25
const MOST_MODULES = 15
const MOST_WHOLE = 20
const WIDTH = 80

export function selfTimeReport(title: string, seen: SelfTime): string {
  const { idleShare, functions, modules, whole } = seen
  const line = ({ name, share }: Share): string =>
    `  ${(share * 100).toFixed(1).padStart(5)} %  ${name.length > WIDTH ? `…${name.slice(1 - WIDTH)}` : name}`
  return [
    `${title}: self time without the idle ${(idleShare * 100).toFixed(0)} %`,
    ...functions.slice(0, MOST_FUNCTIONS).map(line),
    '',
    'by module',
    ...modules.slice(0, MOST_MODULES).map(line),
    '',
    'our own functions, with what they call',
    ...whole.slice(0, MOST_WHOLE).map(line),
    '',
  ].join('\n')
}
