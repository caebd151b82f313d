// What the suite starts as the client under test: `node play.ts direct|through URL`. It ends with 1 where the client threw.
import { isMute, playClient, toldByTheSuite } from './client.ts'
import { routerBefore } from './router-before.ts'

const [way, url = ''] = process.argv.slice(2)
const told = toldByTheSuite(process.env)
if (way === 'direct') await playClient(url, told)
else {
  const router = await routerBefore(url, isMute(told) ? ['modern'] : undefined)
  try {
    await playClient(router.url, told)
  } finally {
    await router.close()
  }
}
