// What peers are written in: npm packages, Python ones, Go modules. Each kind is installed once, from exact versions, into a folder of
// its own: nobody who does not run these tests has to wait for them.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

export const PARTS = ['npm', 'python', 'go'] as const
export type PartName = (typeof PARTS)[number]

/** Why a part is not there. */
export class PartMissing extends Error {
  /** What is pinned was asked for, and the registry did not give it: no fault of this machine or of the repository. */
  readonly isRefused: boolean

  constructor(message: string, isRefused: boolean) {
    super(message)
    this.isRefused = isRefused
  }
}

const ASKED = import.meta.dirname
const FOLDER = join(ASKED, '..', '..', '.ringmain', 'peers')
const LIMIT_MS = 300_000

/** In the words of an installer: what is pinned here does not fit together. */
const OURS = /EUSAGE|ResolutionImpossible|checksum mismatch|missing go\.sum entry/

/** Each installs what stands in the folder of the repository into the other one. */
const INSTALL: Readonly<Record<PartName, (asked: string, folder: string) => void>> = {
  npm: (asked, folder) => {
    for (const file of ['package.json', 'package-lock.json', '.npmrc'])
      copyFileSync(join(asked, file), join(folder, file))
    fetched('npm', ['ci', '--ignore-scripts', '--loglevel=error'], folder)
  },
  python: (asked, folder) => {
    done('python3', ['-m', 'venv', folder], folder)
    const pinned = ['--no-deps', '--only-binary=:all:', '--requirement']
    const words = ['install', '--quiet', ...pinned, join(asked, 'requirements.txt')]
    fetched(join(folder, 'bin', 'pip'), words, folder)
  },
  go: (asked, folder) => {
    fetched('go', ['mod', 'download'], asked)
    const everything = 'github.com/modelcontextprotocol/go-sdk/examples/server/everything'
    for (const [name, from] of [
      ['peer', '.'],
      ['everything', everything],
    ] as const)
      done('go', ['build', '-trimpath', '-mod=readonly', '-o', join(folder, name), from], asked)
  },
}

/** Where the programs of a part are. Installs it when what is asked for has changed. */
export function broughtPart(part: PartName): string {
  const [asked, folder] = [join(ASKED, part), join(FOLDER, part)]
  const stamp = join(folder, 'installed')
  const wanted = digestOf(asked)
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    console.log(`installing the peers of ${part}, once`)
    INSTALL[part](asked, folder)
    writeFileSync(stamp, wanted)
  }
  return folder
}

export const npmProgram = (name: string): string =>
  join(broughtPart('npm'), 'node_modules', '.bin', name)

export const goProgram = (name: string): string => join(broughtPart('go'), name)

/** Python itself, and one of the programs here. */
export const pythonProgram = (file: string): readonly [python: string, program: string] => [
  join(broughtPart('python'), 'bin', 'python'),
  join(ASKED, 'python', file),
]

function digestOf(asked: string): string {
  const hash = createHash('sha256')
  for (const file of globSync('*', { cwd: asked }).toSorted())
    hash.update(file).update(readFileSync(join(asked, file)))
  return hash.digest('hex')
}

/** A step that asks a registry. */
export function fetched(program: string, words: readonly string[], folder: string): void {
  const problem = problemOf(program, words, folder)
  if (problem === undefined) return
  const { said, hasRun } = problem
  throw new PartMissing(said, hasRun && !OURS.test(said))
}

/** A step that needs this machine alone. */
function done(program: string, words: readonly string[], folder: string): void {
  const problem = problemOf(program, words, folder)
  if (problem !== undefined) throw new PartMissing(problem.said, false)
}

interface Problem {
  readonly said: string
  /** The program is on this machine. */
  readonly hasRun: boolean
}

function problemOf(program: string, words: readonly string[], folder: string): Problem | undefined {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    cwd: folder,
    encoding: 'utf8',
    timeout: LIMIT_MS,
    env: { ...process.env, GOTOOLCHAIN: 'local', GOWORK: 'off', CGO_ENABLED: '0' },
  })
  if (status === 0) return undefined
  const hasRun = error === undefined || !('code' in error) || error.code !== 'ENOENT'
  const said = error?.message ?? `${stdout}\n${stderr}`.trim().split('\n').slice(-6).join('\n')
  return { hasRun, said: `${program} ${words.slice(0, 3).join(' ')}: ${said}` }
}
