// A stand-in for what the bootstrap runs: tells what reached it, one word a line, and obeys its arguments.
// `[file] exit=N` ends at once, `die` kills itself, else it stays until it is told or left alone.
import { appendFileSync } from 'node:fs'

const [, , file = '', order = ''] = process.argv
const tell = (word: string): void => appendFileSync(file, `${word}\n`)

process.on('SIGINT', () => tell('SIGINT'))
process.on('SIGTERM', () => {
  tell('SIGTERM')
  process.exit(7)
})
process.on('disconnect', () => {
  tell('disconnect')
  process.exit(0)
})
tell(`pid ${process.pid}`)
if (order === 'die') process.kill(process.pid, 'SIGKILL')
else if (order.startsWith('exit=')) process.exit(Number(order.slice('exit='.length)))
