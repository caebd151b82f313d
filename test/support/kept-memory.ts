// Loaded into a process with `--import`: tells on request what it keeps, once all that nobody needs has been collected. What it occupies
// does not tell that: the heap grows for a minute or so until a collection is worth its while, and then is given back by and by.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

process.on('message', (message: unknown) => {
  if (message !== 'kept?') return
  collect()
  const { heapUsed, external } = process.memoryUsage()
  process.send?.({ type: 'kept', bytes: heapUsed + external })
})
