// Installs the packages when they differ from the lockfile: one `npm ci` at a time, with visible progress.
// The stamp is written last, so an install that was cut short is never taken for a whole one.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve, sep } from 'node:path'
import process from 'node:process'
import { startProgress } from '../tools/progress.mjs'
import { isBroken } from './ancestry.mjs'
import { holdLock } from './lock.mjs'
import {
  BootProblem,
  isInstalled,
  nodeBinary,
  readIfThere,
  readJson,
  stampPath,
  WANTED_MAJOR,
  wantedStamp,
} from './stamp.mjs'

/** Returns once the packages are there and Node 26 runs; throws a BootProblem otherwise. */
export async function install(root, links) {
  const release = await holdLock(join(root, '.ringmain', 'boot.lock'), () => isInstalled(root))
  try {
    if (isInstalled(root)) return // another start did it while this one waited
    if (!matchesLockfile(root)) await installPackages(root, links)
    verifyNode(root)
    writeFileSync(stampPath(root), wantedStamp(root))
  } finally {
    release()
  }
}

/** True when npm's own record of what it installed says that nothing is missing: packages installed by hand are kept. */
function matchesLockfile(root) {
  const record = readIfThere(join(root, 'node_modules', '.package-lock.json'))
  if (record === undefined || !existsSync(join(root, 'node_modules', 'node', 'bin', 'node')))
    return false
  const installed = JSON.parse(record).packages
  const locked = readJson(join(root, 'package-lock.json')).packages
  const asked = readJson(join(root, 'package.json'))
  const rootOf = entry => JSON.stringify([entry.dependencies, entry.devDependencies])
  if (rootOf(locked['']) !== rootOf(asked)) return false
  return Object.entries(locked).every(
    ([path, entry]) =>
      path === '' ||
      entry.optional === true || // those of other platforms are not installed
      entry.devOptional === true ||
      (installed[path]?.version === entry.version &&
        installed[path]?.integrity === entry.integrity &&
        existsSync(join(root, path))),
  )
}

async function installPackages(root, links) {
  const progress = startProgress(
    'ringmain: installing packages and Node 26 (first run, or the lockfile changed)',
  )
  const { code, output, missing } = await runNpm(root, links)
  if (code === 0) {
    progress.done('ringmain: packages installed')
    return
  }
  progress.done('ringmain: the packages could not be installed')
  if (missing)
    throw new BootProblem(
      'npm was not found on PATH.',
      'Install Node with npm (any version from 18 on), and try again.',
    )
  throw explain(code, output)
}

function runNpm(root, links) {
  return new Promise(done => {
    const child = spawn(
      'npm',
      ['ci', '--no-audit', '--no-fund', '--include=dev', '--loglevel=error'],
      {
        cwd: root,
        env: { ...process.env, PATH: pathWithout(join(root, 'node_modules')) },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true, // a group of its own, so that npm and its scripts end together
      },
    )
    let output = ''
    const keep = chunk => {
      output = (output + chunk).slice(-16_000)
    }
    const stop = signal => {
      endGroup(child.pid)
      process.exit(128 + SIGNAL_NUMBERS[signal])
    }
    for (const signal of Object.keys(SIGNAL_NUMBERS)) process.on(signal, stop)
    const watch = setInterval(() => isBroken(links) && stop('SIGTERM'), 500)
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const finish = result => {
      clearInterval(watch)
      for (const signal of Object.keys(SIGNAL_NUMBERS)) process.removeListener(signal, stop)
      done(result)
    }
    child.on('error', error =>
      finish({ code: 1, output: error.message, missing: error.code === 'ENOENT' }),
    )
    child.on('close', code => finish({ code: code ?? 1, output, missing: false }))
  })
}

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }

function endGroup(pid) {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error // gone already, as wanted
  }
}

/** npm must not run under the Node that it is about to delete. */
function pathWithout(folder) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter(entry => entry !== '' && !`${resolve(entry)}${sep}`.startsWith(`${folder}${sep}`))
    .join(delimiter)
}

function explain(code, output) {
  const said = output
    .trim()
    .split('\n')
    .filter(line => !/^(npm error)?\s+at /.test(line)) // npm prints its own stack, which says nothing to a person
    .slice(0, 8)
    .join('\n')
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|ETIMEDOUT/.test(output))
    return new BootProblem(
      `npm could not reach the package registry:\n${said}`,
      'The first start needs the network once. Check the connection (and the proxy and registry settings of npm), and try again.',
    )
  if (/EUSAGE/.test(output))
    return new BootProblem(
      `package.json and package-lock.json do not agree:\n${said}`,
      'Run `npm install` with Node 26 first on PATH, and commit the lockfile with package.json.',
    )
  if (/ENOSPC/.test(output))
    return new BootProblem(
      `The disk is full:\n${said}`,
      'About 600 MB are needed in this checkout. Make room, and try again.',
    )
  return new BootProblem(
    `npm ci failed with code ${code}:\n${said}`,
    'Put right what npm names above, and try again.',
  )
}

function verifyNode(root) {
  const binary = nodeBinary(root)
  if (!existsSync(binary))
    throw new BootProblem(
      `The packages are installed, but ${binary} is not there: npm did not run the install script that fetches Node 26 (the npm setting ignore-scripts does that).`,
      'Allow that one script with `npm rebuild node --ignore-scripts=false`, or put a Node 26 first on PATH.',
    )
  const tried = spawnSync(binary, ['--version'], { encoding: 'utf8', timeout: 20_000 })
  if (tried.status === 0 && Number.parseInt(tried.stdout.slice(1), 10) >= WANTED_MAJOR) return
  const why = tried.error?.message ?? (tried.stderr || tried.stdout).trim()
  throw new BootProblem(
    `The Node that came with the packages does not run on this machine (${process.platform} ${process.arch}): ${why}`,
    'It is built for Linux with glibc and for macOS, on x64 and arm64. Put a Node 26 of your own first on PATH, remove node_modules/node/bin, and try again.',
  )
}
