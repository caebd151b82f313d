// Which Host and Origin are served. A page in somebody's browser can reach a loopback port under a name of its own choosing
// (DNS rebinding); the header still tells that name.
export interface AllowList {
  readonly isHostAllowed: (host: string | undefined) => boolean
  /** No Origin: not a browser. */
  readonly isOriginAllowed: (origin: string | undefined) => boolean
}

/** `hosts` without ports; `origins` as browsers write them, scheme and port included. */
export function createAllowList(hosts: readonly string[], origins: readonly string[]): AllowList {
  const names = new Set(hosts.map(host => host.toLowerCase()))
  const exact = new Set(origins.map(origin => origin.toLowerCase()))
  let lastAllowed: string | undefined // callers send the same one each time
  return {
    isHostAllowed: host => {
      if (host === undefined) return false
      if (host === lastAllowed) return true
      if (!names.has(nameOf(host.toLowerCase()))) return false
      lastAllowed = host
      return true
    },
    isOriginAllowed: origin => {
      if (origin === undefined) return true
      if (exact.has(origin.toLowerCase())) return true
      const url = URL.parse(origin)
      // Browsers send nothing but the origin itself; what a URL parser makes one of came from elsewhere.
      if (url === null || url.origin !== origin.toLowerCase()) return false
      if (url.protocol !== 'http:' && url.protocol !== 'https:') return false
      return names.has(nameOf(url.host))
    },
  }
}

/** The name of `name`, `name:port`, `[v6]` or `[v6]:port`; empty when it is none of them. */
function nameOf(host: string): string {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::([0-9]{1,5}))?$/.exec(host)
  if (Number(match?.[3] ?? 0) > 65_535) return ''
  return match?.[1] ?? match?.[2] ?? ''
}
