// Options that several commands have.
import { Option } from 'commander'
import { ADMIN_ENV, DEFAULT_ADMIN_URL } from './admin-client.ts'
import type { OutputForm } from './terminal.ts'

export const outputOption = (forms: readonly OutputForm[]): Option =>
  new Option('-o, --output <FORM>', 'form of what is printed').choices(forms).default('table')

export const serverOption = (): Option =>
  new Option('--server <URL>', 'admin listener of the router')
    .env(ADMIN_ENV)
    .default(DEFAULT_ADMIN_URL)
