// Whether a router can start with settings that can each be read.
import { isIP } from 'node:net'
import type { RouterSettings } from '#foundation/settings.ts'

/** Each setting can be read, and yet no router can start with them. The message is for people. */
export class UnusableSettings extends Error {
  override readonly name = 'UnusableSettings'
}

/** The folder of its documents. */
export function usablePolicies(settings: RouterSettings): string {
  if (settings.policies === undefined) {
    throw new UnusableSettings(
      'no policies given: name a folder with --policies DIR or RINGMAIN_POLICIES',
    )
  }
  for (const [address, flag] of [
    [settings.host, '--host'],
    [settings.adminHost, '--admin-host'],
  ] as const) {
    if (isLoopback(address) || settings.exposeWithoutAuth === 'yes') continue
    throw new UnusableSettings(
      `${flag} ${address} is reachable from other machines, and callers are not authenticated; ` +
        'listen on 127.0.0.1, or say --expose-without-auth yes if something in front authenticates them',
    )
  }
  return settings.policies
}

const isLoopback = (address: string): boolean =>
  address === 'localhost' ||
  address === '::1' ||
  (isIP(address) === 4 && address.startsWith('127.'))
