// The flags of `ringmain router`, made from the list of settings, and the environment they become.
// A secret given as a flag leaves this process only through the environment: other users can read a command line.
import { routerSettings, type Setting } from '#foundation/router-settings.ts'

export type FlagValues = Readonly<Record<string, string | undefined>>

export interface Flag {
  /** As commander writes it: `--admin-port <N>`. */
  readonly flags: string
  readonly says: string
  readonly setting: Setting
  /** Name of the value in commander's options. */
  readonly key: string
}

export const routerFlags: readonly Flag[] = Object.values<Setting>(routerSettings).map(setting => ({
  flags: `--${setting.flag} <${setting.placeholder}>`,
  says: describe(setting),
  setting,
  key: setting.flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
}))

/** The environment of the router: what was there before, with the flags over it. */
export function routerEnvironment(
  values: FlagValues,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const merged = { ...env }
  for (const { setting, key } of routerFlags) {
    const value = values[key]
    if (value === undefined) continue
    merged[setting.env] = value
    // A flag stands above a file that a variable names.
    if (setting.kind === 'secret') delete merged[`${setting.env}_FILE`]
  }
  return merged
}

function describe({ says, fallback, env }: Setting): string {
  const byDefault = fallback === undefined || fallback === '' ? '' : ` Default ${fallback}.`
  return `${says}${byDefault} (${env})`
}
