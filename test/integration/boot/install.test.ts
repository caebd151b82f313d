// The install step of the bootstrap, on a copy of deploy/ with a scripted npm: what a registry that is away, scripts that
// are switched off, or two starts at once look like. The real npm is proved by every fresh clone.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'

const repository = join(import.meta.dirname, '..', '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'ringmain-install-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** Stands for `npm ci`: brings this Node as the one of the packages, and leaves npm's record. */
const INSTALLS = `
echo run >> "$CHECKOUT/npm.log"
rm -rf node_modules
mkdir -p node_modules/node/bin
ln -s "${process.execPath}" node_modules/node/bin/node
echo '{"packages":{}}' > node_modules/.package-lock.json
`

/** The bootstrap then believes that it runs under an older Node, as it mostly does. */
const AS_NODE_20 = `--import=data:text/javascript,${encodeURIComponent(
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.0.0' } })",
)}`

interface Checkout {
  readonly start: () => Promise<{ readonly code: number | null; readonly said: string }>
  readonly installs: () => number
  readonly path: (name: string) => string
}

function checkout(name: string, npm: string | undefined): Checkout {
  const home = join(folder, name)
  const path = (file: string): string => join(home, file)
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(path(file)), { recursive: true })
    writeFileSync(path(file), text)
  }
  cpSync(join(repository, 'deploy/boot'), path('deploy/boot'), { recursive: true })
  cpSync(join(repository, 'deploy/tools/progress.mjs'), path('deploy/tools/progress.mjs'))
  cpSync(join(repository, 'deploy/boot.mjs'), path('deploy/boot.mjs'))
  write('package.json', '{"type":"module","dependencies":{"a":"1.0.0"}}')
  write('package-lock.json', '{"packages":{"":{"dependencies":{"a":"1.0.0"}},"node_modules/a":{}}}')
  write('done.mjs', "console.log('ran')")
  mkdirSync(path('bin'))
  if (npm !== undefined) {
    write('bin/npm', `#!/bin/sh\n${npm}`)
    chmodSync(path('bin/npm'), 0o755)
  }
  const start = async (): Promise<{ readonly code: number | null; readonly said: string }> => {
    const PATH = npm === undefined ? path('bin') : `${path('bin')}:/usr/bin:/bin`
    const child = spawn(process.execPath, ['deploy/boot.mjs', 'run', 'done.mjs'], {
      cwd: home,
      env: { ...process.env, PATH, CHECKOUT: home, NODE_OPTIONS: AS_NODE_20 },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString()
      })
    await once(child, 'close')
    return { code: child.exitCode, said }
  }
  const installs = (): number =>
    existsSync(path('npm.log')) ? readFileSync(path('npm.log'), 'utf8').split('\n').length - 1 : 0
  return { start, installs, path }
}

test('the first start installs and says so, the second does neither', async () => {
  const home = checkout('twice', INSTALLS)
  const first = await home.start()
  assert.match(first.said, /installing packages and Node 26.*\n.*packages installed in .*\nran\n/)
  assert.deepEqual(await home.start(), { code: 0, said: 'ran\n' })
  assert.equal(home.installs(), 1)
})

test('a changed lockfile installs again, a changed script does not', async () => {
  const home = checkout('changed', INSTALLS)
  await home.start()
  writeFileSync(
    home.path('package.json'),
    '{"type":"module","scripts":{"x":"y"},"dependencies":{"a":"1.0.0"}}',
  )
  await home.start()
  assert.equal(home.installs(), 1)
  writeFileSync(home.path('package-lock.json'), '{"packages":{"":{},"node_modules/a":{}}}')
  await home.start()
  assert.equal(home.installs(), 2)
})

test('two starts at once install once', async () => {
  const home = checkout('together', `sleep 1\n${INSTALLS}`)
  const both = await Promise.all([home.start(), home.start()])
  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0],
  )
  assert.equal(home.installs(), 1)
  assert.match(both.map(({ said }) => said).join(''), /waiting for another start \(process \d+\)/)
})

test('the lock of a start that died does not stop the next one', async () => {
  const home = checkout('stale', INSTALLS)

  mkdirSync(home.path('.ringmain'))
  const died = spawn(process.execPath, ['-e', ''])
  await once(died, 'exit')
  writeFileSync(home.path('.ringmain/boot.lock'), `${died.pid} ${hostname()} 0\n`)
  assert.equal((await home.start()).code, 0)
  assert.equal(existsSync(home.path('.ringmain/boot.lock')), false)
})

const FAILURES: readonly (readonly [what: string, npm: string | undefined, says: RegExp])[] = [
  ['no npm', undefined, /npm was not found on PATH\.\nInstall Node with npm/],
  [
    'no network',
    'echo "npm error code ENOTFOUND" >&2; exit 1',
    /could not reach the package registry.*\n.*ENOTFOUND\n.*needs the network once/,
  ],
  ['a lockfile that does not fit', 'echo "npm error code EUSAGE" >&2; exit 1', /do not agree/],
  [
    'another failure',
    'echo "npm error planted" >&2; exit 9',
    /npm ci failed with code 9:\nnpm error planted\nPut right/,
  ],
  [
    'install scripts switched off',
    'mkdir -p node_modules',
    /ignore-scripts.*\nAllow that one script with `npm rebuild node/,
  ],
  [
    'a Node that does not run here',
    'mkdir -p node_modules/node/bin\nprintf "#!/bin/sh\\nexit 1" > node_modules/node/bin/node\nchmod +x node_modules/node/bin/node',
    /does not run on this machine/,
  ],
]

for (const [what, npm, says] of FAILURES)
  test(`${what} is said in words, with what to do next`, async () => {
    const { code, said } = await checkout(what, npm).start()
    assert.equal(code, 1)
    assert.match(said, says)
    assert.doesNotMatch(said, /\n {4}at /)
  })
