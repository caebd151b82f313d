// A lock file that two starts at once share: the second waits for the first and says so.
// A holder that died is recognised by its process id, or by a lock that nobody has touched for a while.
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { startProgress } from '../tools/progress.mjs'

const TOUCH_MS = 2_000
const ABANDONED_MS = 60_000
const LOOK_MS = 200

/** Waits until the lock is this process's, or `isDone` says that it is no longer needed; returns what gives it back. */
export async function holdLock(path, isDone) {
  mkdirSync(dirname(path), { recursive: true })
  let progress
  while (!take(path)) {
    if (isDone()) break
    const holder = readHolder(path)
    if (holder !== undefined && isStale(path, holder)) {
      breakStale(path, holder.text)
      continue
    }
    progress ??= startProgress(
      `ringmain: waiting for another start (process ${holder?.pid ?? 'unknown'}) to install the packages`,
    )
    await sleep(LOOK_MS)
  }
  progress?.done('ringmain: the other start has ended')
  if (!isMine(path)) return () => undefined
  const touch = setInterval(
    () => isMine(path) && utimesSync(path, new Date(), new Date()),
    TOUCH_MS,
  )
  const giveBack = () => isMine(path) && rmSync(path, { force: true })
  process.once('exit', giveBack)
  return () => {
    clearInterval(touch)
    process.removeListener('exit', giveBack)
    giveBack()
  }
}

function take(path) {
  let file
  try {
    file = openSync(path, 'wx')
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
  writeSync(file, `${process.pid} ${hostname()} ${Date.now()}\n`)
  closeSync(file)
  return true
}

function readHolder(path) {
  try {
    const text = readFileSync(path, 'utf8')
    const [pid, host] = text.split(' ')
    return { text, pid: Number(pid), host: host ?? '' }
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function isMine(path) {
  const holder = readHolder(path)
  return holder?.pid === process.pid && holder.host === hostname()
}

function isStale(path, holder) {
  const isSilent = ageMs(path) > ABANDONED_MS
  // A process id says nothing about another machine, nor while the holder has not yet written it.
  if (holder.host !== hostname() || !(holder.pid > 0)) return isSilent
  return isSilent || !isAlive(holder.pid)
}

function ageMs(path) {
  try {
    return Date.now() - statSync(path).mtimeMs
  } catch (error) {
    if (error.code === 'ENOENT') return 0
    throw error
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Moves the lock aside before removing it: a third start may have put a fresh one there in the meantime. */
function breakStale(path, expected) {
  const aside = `${path}.${process.pid}`
  try {
    renameSync(path, aside)
    if (readFileSync(aside, 'utf8') !== expected) linkSync(aside, path)
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  }
  rmSync(aside, { force: true })
}
