// Entry of the data plane. Compiled code of an earlier start is taken from disk: without it every start strips and compiles some three
// hundred files anew, which is most of the time until a router serves again.
import { enableCompileCache, flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'

// When little happens V8 collects to give memory back, and lets go of the shapes of objects of which none lives just then; code that was
// compiled for them is thrown away with them. Between two calls that is the whole path of a call, and the next ones ran it interpreted.
setFlagsFromString('--memory-reducer-gc-count=0')
// How far the heap may grow until all of it is looked through goes by how fast the process has allocated: little, where it had little to do.
// V8 begins as soon as less room is left than its new space may take, so a router of 40 MB met whatever came at once, calls or ten
// thousand replicas, with such a collection.
setFlagsFromString('--heap-growing-percent=200')
enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'ringmain')) // where it cannot be written, all is as without
const { run } = await import('./run.ts')
await run()
flushCompileCache() // now, since a router that is killed has no later
