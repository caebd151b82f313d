// One slice of the router, or of the floor, under V8's own sampler: where its time goes, by function and by module.
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Arm, type Bench, startArm } from './arms.ts'
import { warm, wrkFor } from './compare.ts'
import type { Gauge } from './measure.ts'
import type { Options } from './options.ts'
import { type CpuProfile, selfTimeOf, selfTimeReport } from './self-time.ts'

interface Profiling {
  readonly bench: Bench
  readonly gauge: Gauge
  readonly script: string
}

/** `folder` keeps the profile itself, which the developer tools of a browser open. */
export async function profile(
  { bench, gauge, script }: Profiling,
  { arms, connections, seconds }: Options,
  folder: string,
): Promise<string> {
  const name = arms[0] ?? 'router'
  const loader = pathToFileURL(join(import.meta.dirname, 'profile-when-told.ts')).href
  const arm = await startArm(bench, name, ['--import', loader])
  await warm(arm, gauge, { script, connections })
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${name}-${new Date().toISOString().replaceAll(':', '-')}.cpuprofile`)
  await tell(arm, { profile: 'begin' })
  const load = await gauge.load(arm, wrkFor(script, seconds), connections[0] ?? 1)
  await tell(arm, { profile: 'end', file })
  await arm.child.end()
  const seen = selfTimeOf(JSON.parse(readFileSync(file, 'utf8')) as CpuProfile, bench.root)
  const title = `${name}, ${load.calls} calls, ${load.errors} errors`
  return `${selfTimeReport(title, seen)}profile: ${file}\n`
}

async function tell({ child, name }: Arm, message: object): Promise<void> {
  const heard = once(child.process, 'message')
  child.process.send(message)
  const [answer] = (await heard) as [{ readonly problem?: string }]
  if (answer.problem !== undefined) throw new Error(`${name}: ${answer.problem}`)
}
