// The reference page of the router's settings, from the list that the router itself reads.
import { routerSettings, type Setting } from '#foundation/router-settings.ts'
import { markdownTable } from './table.ts'

const HOLDS: Readonly<Record<Setting['kind'], string>> = {
  text: 'text',
  secret: 'text, kept secret',
  hosts: 'host names and IP addresses with commas between them',
  origins: 'origins with commas between them',
  urls: 'http or https URLs with commas between them',
  host: 'host name',
  choice: 'one of the words',
  port: 'port',
  count: 'whole number',
  bytes: 'bytes',
  duration: 'duration up to 24h: `250ms`, `3s`, `5m`, `1h`',
}

export function makeSettingsPage(): string {
  const rows = Object.values<Setting>(routerSettings).map(setting => [
    `\`--${setting.flag} ${setting.placeholder}\``,
    `\`${setting.env}\``,
    HOLDS[setting.kind],
    setting.fallback === undefined || setting.fallback === '' ? '' : `\`${setting.fallback}\``,
    setting.says,
  ])
  return `${[
    '<!-- Generated from foundation/router-settings.ts; do not edit. -->',
    '# Settings of the router',
    'Settings say how one process is started. What is routed where is policy and lives in documents: see [policies.md](policies.md).',
    'A flag of `ringmain router` wins over the variable, the variable over the default. An empty variable counts as absent. All problems are reported at once.',
    'A secret is better kept in a file: `<VARIABLE>_FILE` names it, and wins over the variable.',
    markdownTable(['flag', 'variable', 'holds', 'default', 'meaning'], rows),
  ].join('\n\n')}\n`
}
