// What the suite starts as the client under test: `node play.ts direct|through URL`. It ends with 1 where the client threw.
import { playClient, toldByTheSuite } from './client.ts'
import { routerBefore } from './router-before.ts'

const [way, url = ''] = process.argv.slice(2)
const told = toldByTheSuite(process.env)
if (way === 'direct') await playClient(url, told)
else {
  // Of a server that is said to speak one era the other is not asked for, which the suite would take amiss.
  const router = await routerBefore(url, told.isModern ? ['modern'] : undefined)
  try {
    await playClient(router.url, told)
  } finally {
    await router.close()
  }
}
