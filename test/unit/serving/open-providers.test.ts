import t from 'tap'
import type { SignInProvider } from '../../../src/model/sign-in.ts'
import { OpenProviders } from '../../../src/serving/open-providers.ts'

function scene() {
  const closed: string[] = []
  let count = 0
  const plan = (fingerprint: string) => ({
    fingerprint,
    open: (): SignInProvider => {
      const name = `${fingerprint}${++count}`
      const never = () => Promise.reject(new Error('nobody asks'))
      const arrival = { method: 'GET', path: `/auth/oidc/${name}/callback` } as const
      return { name, kind: 'oidc', begin: never, complete: never, arrival, routes: [], close: () => closed.push(name) }
    },
  })
  const providers = new OpenProviders()
  const hold = (...fingerprints: readonly string[]) => {
    const { providers: held, release } = providers.hold(fingerprints.map(plan))
    return { names: held.map(({ name }) => name), release }
  }
  return { providers, hold, closed }
}

t.test('a provider whose settings are the same goes on', async (t) => {
  const { hold, closed } = scene()
  const before = hold('a', 'b')
  const after = hold('a', 'c')
  t.same(before.names, ['a1', 'b2'])
  t.same(after.names, ['a1', 'c3'])
  before.release()
  t.same(closed, ['b2'], 'the other one is closed')
  after.release()
  t.same(closed, ['b2', 'a1', 'c3'])
})

t.test('a provider that is gone stays open for those who sign in by it', async (t) => {
  const { hold, closed } = scene()
  const before = hold('a')
  hold('b')
  t.same(closed, [])
  before.release()
  t.same(closed, ['a1'])
})

t.test('what comes back before it is closed goes on, and is closed once', async (t) => {
  const { hold, closed } = scene()
  const first = hold('a')
  const second = hold('b')
  const third = hold('a')
  first.release()
  second.release()
  t.same(closed, ['b2'])
  t.same(third.names, first.names)
  third.release()
  t.same(closed, ['b2', 'a1'])
  t.same(hold('a').names, ['a3'], 'after that it is another one')
})

t.test('the end of all closes each once, whoever holds it', async (t) => {
  const { providers, hold, closed } = scene()
  const held = hold('a', 'b')
  hold('b')
  providers.close()
  t.same(closed, ['a1', 'b2'])
  held.release()
  t.same(closed, ['a1', 'b2'])
})
