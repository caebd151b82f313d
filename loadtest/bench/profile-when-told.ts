// Loaded into a program before its own code (`node --import`): profiles it between two messages, so that starting and
// warming are not in the profile, which `--cpu-prof` would hold as well.
import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import process from 'node:process'

const SAMPLE_US = 200

const session = new Session()
session.connect()

async function obey(message: unknown): Promise<void> {
  const told = message as { readonly profile?: string; readonly file?: string } | null
  if (told?.profile === 'begin') {
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US })
    await session.post('Profiler.start')
  } else if (told?.profile === 'end' && told.file !== undefined) {
    const { profile } = await session.post('Profiler.stop')
    writeFileSync(told.file, JSON.stringify(profile))
  } else return
  process.send?.({ profile: told.profile })
}

process.on('message', message => {
  obey(message).catch((error: unknown) => process.send?.({ problem: (error as Error).message }))
})
