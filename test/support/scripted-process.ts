// A scripted tool server in a process of its own: where calls are sent as fast as a core can, their tools must not share it.
import { startScripted } from './scripted-server.ts'

/** Told once it listens. */
export interface ToolStarted {
  readonly url: string
}

const { url } = await startScripted({ name: process.argv[2] ?? 'tool' })
const started: ToolStarted = { url }
process.send?.(started)
process.on('disconnect', () => process.exit(0))
