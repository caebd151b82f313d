// Finds or builds the Go programs that tests and load runs need: `node deploy/tools/build.mjs consul|k6|all`.
// A machine without Go is not an error unless real parts are required: what needs the program is skipped aloud.
import { spawn } from 'node:child_process'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { builtPath, findTool, onPath, repository, tools } from './find.mjs'
import { startProgress } from './progress.mjs'

export { findTool } from './find.mjs'

const LOST = {
  consul: 'tests against a real Consul are skipped, and `npm start -- --consul` cannot be used',
  k6: 'load scenarios cannot be run',
}

/** The path of the program, built if need be; undefined, after one line of why, where it cannot be had. */
export async function provideTool(name, say = line => process.stderr.write(`${line}\n`)) {
  const found = findTool(name)
  if (found !== undefined) return found
  const tool = tools[name]
  const go = onPath('go')
  if (go === undefined) {
    say(
      `${name}: no binary and no Go to build one, so ${LOST[name]}. ` +
        `Install Go 1.25 or later, or set ${tool.variable} to a ${name} binary.`,
    )
    return undefined
  }
  return build(name, go, say)
}

async function build(name, go, say) {
  const tool = tools[name]
  const target = builtPath(name)
  const unfinished = `${target}.${process.pid}.part`
  mkdirSync(dirname(target), { recursive: true })
  const progress = startProgress(
    `building ${name} ${tool.version} from its pinned Go module, once (about ${tool.minutes} minutes)`,
  )
  const { code, output } = await runGo(go, name, unfinished)
  if (code === 0) {
    renameSync(unfinished, target) // whole or not at all: another run may be looking
    progress.done(`built ${name} ${tool.version} into .tools/bin`)
    return target
  }
  rmSync(unfinished, { force: true })
  progress.done(`could not build ${name}`)
  say(output.trim().split('\n').slice(-12).join('\n'))
  say(
    `${name}: go build failed in deploy/tools/${name}, so ${LOST[name]}. ` +
      `Check that the Go module proxy can be reached, or set ${tool.variable} to a ${name} binary.`,
  )
  return undefined
}

function runGo(go, name, target) {
  return new Promise(done => {
    const child = spawn(
      go,
      ['build', '-trimpath', '-mod=readonly', '-buildvcs=false', '-o', target, tools[name].package],
      {
        cwd: join(repository, 'deploy', 'tools', name),
        env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOWORK: 'off' },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true, // a group of its own: go's compilers must end with it
      },
    )
    const stop = () => endGroup(child.pid)
    process.once('exit', stop)
    let output = ''
    const keep = chunk => {
      output = (output + chunk).slice(-64_000) // downloads are listed at length; the end says what failed
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', error => {
      keep(error.message)
      done({ code: 1, output })
    })
    child.on('close', code => {
      process.removeListener('exit', stop)
      done({ code, output })
    })
  })
}

function endGroup(pid) {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error // already gone is what was wanted
  }
}

async function main(asked) {
  const names = asked === 'all' ? Object.keys(tools) : [asked]
  if (!names.every(name => name in tools)) {
    process.stderr.write(`usage: node deploy/tools/build.mjs ${Object.keys(tools).join('|')}|all\n`)
    return 64
  }
  let missing = 0
  for (const name of names) {
    const path = await provideTool(name)
    if (path === undefined) missing += 1
    else process.stdout.write(`${name}: ${path}\n`)
  }
  return missing === 0 ? 0 : 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  try {
    process.exitCode = await main(process.argv[2] ?? 'all')
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}
