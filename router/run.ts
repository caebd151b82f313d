// The data plane as a process: settings from the environment, one line that says where it listens, drain on signal.
import { createLogs } from '#foundation/log.ts'
import { routerSettings } from '#foundation/router-settings.ts'
import { type RouterSettings, readRouterSettings } from '#foundation/settings.ts'
import { endOnDefect } from './end-on-defect.ts'
import { type Router, startRouter } from './router.ts'
import { PolicyProblems } from './table-feed/directory-feed.ts'
import { UnusableSettings } from './usable-settings.ts'
import { yieldToLoop } from './yield-to-loop.ts'

const EXIT = { failed: 1, invalidDocuments: 6, usage: 64 } as const

function say(text: string): void {
  process.stderr.write(`ringmain router: ${text}\n`)
}

function settingsOrExit(): RouterSettings {
  const read = readRouterSettings(process.env)
  if ('problems' in read) {
    for (const problem of read.problems) say(`${problem.env}: ${problem.says}`)
    process.exit(EXIT.usage)
  }
  return read.settings
}

function explain(error: unknown, settings: RouterSettings): string {
  const { code, port, message } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE') {
    const setting = port === settings.adminPort ? routerSettings.adminPort : routerSettings.port
    return `port ${port} is in use; choose another with --${setting.flag} or ${setting.env} (0 picks a free one)`
  }
  return message
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UnusableSettings) return EXIT.usage
  return error instanceof PolicyProblems ? EXIT.invalidDocuments : EXIT.failed
}

/** Resolves once it listens; ends the process where it cannot. */
export async function run(): Promise<void> {
  yieldToLoop()
  const settings = settingsOrExit()
  const logs = createLogs(settings.logLevel, 'ringmain-router')
  const { log, flush } = logs
  endOnDefect(logs)
  const router = await startRouter(settings, logs).catch((error: unknown) => {
    flush()
    say(explain(error, settings))
    process.exit(exitCodeOf(error))
  })
  process.stdout.write(
    `ringmain router listening: mcp ${router.mcpUrl}  admin ${router.adminUrl}\n`,
  )
  log.info({ event: 'router.listening', mcp: router.mcpUrl, admin: router.adminUrl }, 'listening')
  process.send?.({ type: 'listening', mcp: router.mcpUrl, admin: router.adminUrl })
  endOnSignal(router, { log: (event, fields) => log.info({ event, ...fields }, event), flush })
}

function endOnSignal(
  router: Router,
  out: { log: (event: string, fields: object) => void; flush: () => void },
): void {
  let isEnding = false
  const end = (why: string): void => {
    if (isEnding) {
      say('told twice to stop: stopping now')
      out.flush()
      process.exit(EXIT.failed)
    }
    isEnding = true
    out.log('router.draining', { why })
    const finish = (isClean: boolean): never => {
      out.log('router.stopped', { isClean })
      out.flush()
      process.exit(isClean ? 0 : EXIT.failed)
    }
    router.drain().then(finish, (error: unknown) => {
      say((error as Error).message)
      return finish(false)
    })
  }
  process.on('SIGTERM', () => end('SIGTERM'))
  process.on('SIGINT', () => end('SIGINT'))
  if (process.channel !== undefined)
    process.on('disconnect', () => end('the process that started it is gone'))
}
