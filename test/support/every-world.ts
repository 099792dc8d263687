import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import type { Test } from 'tap'
import { Agent, fetch as undiciFetch } from 'undici'
import type { Pair } from './certificates.ts'
import { ClientCertificates } from './client-certificate-world.ts'
import { type IdentityProvider, startIdentityProvider } from './identity-provider.ts'
import { addUser, type LocalUser } from './local-users.ts'
import { speakMessages } from './message-answers.ts'
import { ASKING_CLIENT, OpaqueProvider } from './opaque-provider.ts'
import { type SamlSite, startSamlSite } from './saml-site.ts'
import { type SignInIdp, startSignInIdp } from './sign-in-provider.ts'
import { enrolled, freePort } from './sign-in-together.ts'
import { person, SERVICE, Slapd, SUFFIX } from './slapd.ts'
import { startWorld, type World } from './world.ts'

export const LENA = { name: 'lena', password: 'secret-of-lena' }
export const POD = 'system:serviceaccount:ml:reports'
export const SVID = 'spiffe://example.org/ns/ml/sa/reports'
const at = (uid: string) => `uid=${uid},ou=people,${SUFFIX}`
const DIRECTORY = {
  [at(LENA.name)]: person(LENA.name, { userPassword: LENA.password }),
  [`cn=analysts,ou=groups,${SUFFIX}`]: { objectClass: 'groupOfNames', cn: 'analysts', member: at(LENA.name) },
}
const POLICY = {
  version: 1,
  roles: {
    analyst: { members: [{ group: 'analysts' }, { user: POD, issuer: 'cluster' }, { user: SVID, issuer: 'spire' }] },
  },
  rules: [
    {
      ...{ id: 'small', effect: 'allow', roles: ['analyst'], operations: ['chat', 'messages'] },
      models: ['gpt-4o-mini', 'gpt-4o-nano', 'claude-small'],
    },
  ],
}

/** A platform whose tokens are verified by keys in a file. */
export interface Workloads {
  readonly issuer: string
  mint(claims: JWTPayload): Promise<string>
}

/** One proxy with every way to say who calls, over TLS, and who stands behind each of them. */
export interface EveryWorld extends World {
  readonly url: string
  readonly people: IdentityProvider
  readonly opaque: OpaqueProvider
  readonly provider: SignInIdp
  readonly saml: SamlSite
  readonly cluster: Workloads
  readonly spire: Workloads
  readonly certificates: ClientCertificates
  readonly local: LocalUser
  /** Of the local user; what its app shows. */
  readonly code: () => string
  /** What sends requests, with the client certificate of `pair` or without one. */
  sender(pair: Pair | null): typeof fetch
}

export async function startEvery(t: Test): Promise<EveryWorld> {
  const certificates = new ClientCertificates(t)
  const port = await freePort()
  const url = `https://127.0.0.1:${port}`
  const slapd = new Slapd(DIRECTORY)
  t.teardown(() => slapd.close())
  await slapd.start()
  const people = await startIdentityProvider()
  t.teardown(() => people.close())
  const opaque = await OpaqueProvider.start({ oscar: { groups: ['analysts'], sub: 'oscar@example.org' } })
  t.teardown(() => opaque.stop())
  const provider = await startSignInIdp(t, { proxyUrl: url })
  const saml = await startSamlSite(t)
  const folder = certificates.files.folder
  const cluster = await workloads(folder, 'cluster', 'https://kubernetes.default.svc.cluster.local')
  const spire = await workloads(folder, 'spire', 'https://spire-oidc.example.org')
  const audience = ['sallyport']
  const login = {
    ...{ client_id: provider.clientId, client_secret: { env: 'CLIENT_SECRET' } },
    scopes: ['openid', 'profile', 'email', 'groups'],
  }
  const platform = (name: string, { issuer }: Workloads) => ({
    ...{ name, issuer, audience, jwks: { file: join(folder, `${name}.json`) } },
  })
  const world = await startWorld(t, {
    listen: { ...certificates.listen, proxy: `127.0.0.1:${port}` },
    messages: true,
    issuers: [
      { name: 'people', issuer: people.issuer, audience },
      { name: 'corp', issuer: provider.issuer, audience, login },
      {
        ...{ name: 'opaque', issuer: opaque.issuer, audience },
        introspection: { client_id: ASKING_CLIENT.id, client_secret: { env: 'ASKING_SECRET' } },
      },
      { ...platform('cluster', cluster), claims: { id: 'sub', workspace: ['kubernetes.io', 'namespace'] } },
      { ...platform('spire', spire), algorithms: ['RS256', 'ES256', 'ES384'] },
    ],
    identity: {
      ldap: [
        {
          ...{ name: 'staff', url: slapd.tlsUrl, ca: { file: slapd.ca }, base: SUFFIX, bind_dn: SERVICE.dn },
          ...{ bind_password: { env: 'DIRECTORY_PASSWORD' }, user_filter: '(uid={username})', claims: { id: 'uid' } },
        },
      ],
      ...{ saml: [saml.entry], local: { enabled: true }, api_keys: { enabled: true }, mtls: {}, tokens: {} },
    },
    env: {
      DIRECTORY_PASSWORD: SERVICE.password,
      CLIENT_SECRET: provider.clientSecret,
      ASKING_SECRET: ASKING_CLIENT.secret,
    },
    policy: POLICY,
  })
  speakMessages(world.model)
  const local = await addUser(world.proxy, 'uma', '--group', 'analysts')
  const code = await enrolled(join(world.proxy.folder, 'data/sallyport.db'), 'local', local.name)
  for (const secret of [SERVICE.password, provider.clientSecret, ASKING_CLIENT.secret, LENA.password, local.password])
    world.secrets.add(secret)
  const sender = (pair: Pair | null) => senderOf(t, certificates, pair)
  return { ...world, url, people, opaque, provider, saml, cluster, spire, certificates, local, code, sender }
}

function senderOf(t: Test, certificates: ClientCertificates, pair: Pair | null): typeof fetch {
  const dispatcher = new Agent({ connect: certificates.client(pair) as object })
  t.teardown(() => dispatcher.close())
  return ((url: string, init: object) => undiciFetch(url, { ...init, dispatcher })) as never
}

async function workloads(folder: string, name: string, issuer: string): Promise<Workloads> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const key: JWK = { ...(await exportJWK(publicKey)), kid: `${name}-1`, alg: 'ES256', use: 'sig' }
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ keys: [key] }))
  const now = Math.floor(Date.now() / 1000)
  return {
    issuer,
    mint: (claims) =>
      new SignJWT({ iss: issuer, aud: ['sallyport'], iat: now, exp: now + 600, ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: `${name}-1` })
        .sign(privateKey),
  }
}
