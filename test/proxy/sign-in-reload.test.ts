import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { Agent } from '../support/agent.ts'
import { startWorld } from '../support/world.ts'

/** An issuer that says what it is when it is let, and not before. */
async function startSlowIssuer(t: Test) {
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  const server = createServer(async (request, response) => {
    response.setHeader('content-type', 'application/json')
    if (request.url === '/keys') return response.end('{"keys":[]}')
    asked.resolve()
    await answer.promise
    const issuer = urlOf()
    const endpoints = { authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` }
    return response.end(JSON.stringify({ issuer, ...endpoints, jwks_uri: `${issuer}/keys` }))
  })
  const urlOf = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: urlOf(), asked: asked.promise, answer: answer.resolve }
}

const CHANGES = [
  ['of something else', '7h', '6h'],
  ['of the provider itself', 'sallyport-client', 'another-client'],
] as const

for (const [what, before, after] of CHANGES)
  t.test(`a sign-in that is being begun goes on across a reload ${what}`, async (t) => {
    const issuer = await startSlowIssuer(t)
    const login = { client_id: 'sallyport-client', scopes: ['openid'] }
    const entry = {
      name: 'corp',
      issuer: issuer.url,
      audience: ['sallyport'],
      jwks: { url: `${issuer.url}/keys` },
      login,
    }
    const world = await startWorld(t, { identity: { issuers: [entry], tokens: { lifetime: '7h' } } })
    const { proxy } = world
    const agent = new Agent(`http://127.0.0.1:${proxy.port}`)
    const began = agent.get('/auth/oidc/corp')
    await issuer.asked
    const written = readFileSync(proxy.configFile, 'utf8')
    writeFileSync(proxy.configFile, written.replace(before, after))
    proxy.signal('SIGHUP')
    await proxy.audit.action('config-reloaded')
    issuer.answer()
    const { status, head } = await began
    t.equal(status, 303)
    t.match(head.get('location'), `${issuer.url}/authorize?`)
    t.equal((await agent.get('/auth/oidc/corp')).status, 303, 'the next one, too')
  })
