// Entry of the data plane. Compiled code of an earlier start is taken from disk: without it every start strips and compiles some three
// hundred files anew, which is most of the time until a router serves again.
import { enableCompileCache, flushCompileCache } from 'node:module'
import { join } from 'node:path'

enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'ringmain')) // where it cannot be written, all is as without
const { run } = await import('./run.ts')
await run()
flushCompileCache() // now, since a router that is killed has no later
