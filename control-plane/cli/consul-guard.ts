// Runs a Consul agent for `ringmain dev` and ends it when that process ends: the agent itself has no such channel.
// Started as a process of its own: `node consul-guard.ts BIN ARGS…`, with a channel to the one that started it.
import { spawn } from 'node:child_process'

const GIVE_UP_MS = 3_000

const [bin, ...args] = process.argv.slice(2)
if (bin === undefined) {
  console.error('usage: node consul-guard.ts BIN ARGS…')
  process.exit(64)
}

const agent = spawn(bin, args, {
  stdio: 'inherit',
  env: { ...process.env, CHECKPOINT_DISABLE: '1' },
})

const end = (): void => {
  agent.kill('SIGTERM')
  setTimeout(() => agent.kill('SIGKILL'), GIVE_UP_MS).unref()
}
process.on('SIGTERM', end)
process.on('SIGINT', end)
if (process.channel) process.on('disconnect', end)

agent.on('error', error => {
  console.error(`cannot run ${bin}: ${error.message}`)
  process.exit(1)
})
agent.on('spawn', () => process.send?.({ type: 'spawned', pid: agent.pid }))
agent.on('exit', (code, signal) => {
  console.error(`consul ended with ${signal ?? `exit code ${code}`}`)
  process.exit(code ?? 1)
})
