import t from 'tap'
import { openOneTime } from '../../src/identity/one-time.ts'
import { Agent } from '../support/agent.ts'
import { type Pages, passwords, principal, sealing, startPages } from '../support/sign-in-world.ts'

const PEOPLE = passwords({ alice: ['right', principal('alice')] })
const GOOD = { username: 'alice', password: 'right' }

/** The same browser at another process of the fleet. */
function elsewhere({ cookies }: Agent, pages: Pages): Agent {
  const agent = new Agent(pages.url)
  for (const [name, value] of cookies) agent.cookies.set(name, value)
  return agent
}

t.test('a sign-in that is finished in one process is finished in the fleet', async (t) => {
  const sealer = sealing(Date.now)
  const used = new Set<string>()
  const fleet = {
    take: async (value: string) => !used.has(value) && used.add(value) !== undefined,
    has: async (value: string) => used.has(value),
  }
  const start = () =>
    startPages(t, { parts: () => ({ passwords: PEOPLE }), sealer, fleet: openOneTime(Date.now, { fleet }) })
  const [here, there] = [await start(), await start()]
  const first = new Agent(here.url)
  const form = (await first.get('/auth/')).field('form')
  const copy = elsewhere(first, there)
  t.equal((await first.post('/auth/password', { ...GOOD, form })).status, 200)
  t.equal((await copy.post('/auth/password', { ...GOOD, form })).status, 400)
  t.same([here.issued.length, there.issued.length], [1, 0])

  const second = new Agent(here.url)
  const page = await second.get('/auth/')
  const twin = await elsewhere(second, there).post('/auth/password', { ...GOOD, form: page.field('form') })
  t.equal(twin.status, 200, 'the twin: one that is not finished goes on there')
})

t.test('while nobody can tell whether a sign-in was finished, none is', async (t) => {
  let isAway = true
  const answer = async () => {
    if (isAway) throw new Error('the store is away')
    return true
  }
  const fleet = openOneTime(Date.now, { fleet: { take: answer, has: answer } })
  const pages = await startPages(t, { parts: () => ({ passwords: PEOPLE }), fleet })
  const tried = async () => {
    const agent = new Agent(pages.url)
    const form = (await agent.get('/auth/')).field('form')
    return (await agent.post('/auth/password', { ...GOOD, form })).status
  }
  t.equal(await tried(), 503)
  t.same([pages.issued, pages.events], [[], []])
  isAway = false
  t.equal(await tried(), 200, 'the twin')
})
