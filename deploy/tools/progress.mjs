// A visible line for work that takes longer than a second: rewritten in place on a terminal,
// one line every ten seconds elsewhere, so that a log shows that something is still happening.
import process from 'node:process'

const HEARTBEAT_MS = 10_000

/** Prints at once; `done` prints what came of it, with the time it took. */
export function startProgress(what, stream = process.stderr) {
  const began = Date.now()
  const elapsed = () => formatElapsed(Date.now() - began)
  const live = stream.isTTY === true
  const show = () => {
    if (live) stream.write(`\r\u001b[K${what} … ${elapsed()}`)
    else stream.write(`still ${what} … ${elapsed()}\n`)
  }
  stream.write(live ? `${what} …` : `${what} …\n`)
  const timer = setInterval(show, live ? 1_000 : HEARTBEAT_MS)
  return {
    done(result) {
      clearInterval(timer)
      stream.write(`${live ? '\r\u001b[K' : ''}${result} in ${elapsed()}\n`)
    },
  }
}

function formatElapsed(ms) {
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)}s`
  return `${Math.floor(ms / 60_000)}m ${Math.floor((ms % 60_000) / 1_000)}s`
}
