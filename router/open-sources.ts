// Where clusters find their replicas, as the settings of this router say.
import type { Log } from '#foundation/log.ts'
import type { RouterSettings } from '#foundation/settings.ts'
import { createSources, type Sources } from './clusters/discovery/open-discovery.ts'

export const openSources = (settings: RouterSettings, log: Log): Sources =>
  createSources({
    stateDirectory: settings.state,
    consul: {
      agents: settings.consul,
      token: settings.consulToken,
      tokenFile: settings.consulTokenFile,
      caFile: settings.consulCa,
      certFile: settings.consulCert,
      keyFile: settings.consulKey,
      serverName: settings.consulServerName,
    },
    log,
  })
