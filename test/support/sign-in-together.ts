import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { Secret as OtpSecret, TOTP } from 'otpauth'
import type { Test } from 'tap'
import { Secret } from '../../src/model/secret.ts'
import { openKeyStore } from '../../src/stores/keys.ts'
import { type SamlSite, startSamlSite } from './saml-site.ts'
import { type SignInIdp, startSignInIdp } from './sign-in-provider.ts'
import { person, SERVICE, Slapd, SUFFIX } from './slapd.ts'
import { startWorld, type World } from './world.ts'

const at = (uid: string) => `uid=${uid},ou=people,${SUFFIX}`
const PEOPLE = {
  [at('lena')]: person('lena', { userPassword: 'secret-of-lena' }),
  [`cn=analysts,ou=groups,${SUFFIX}`]: { objectClass: 'groupOfNames', cn: 'analysts', member: at('lena') },
}

/** Analysts may use a small model; a large one after a sign-in with several factors. */
const POLICY = {
  version: 1,
  roles: { analyst: { members: [{ group: 'analysts' }] } },
  rules: [
    { id: 'small', effect: 'allow', roles: ['analyst'], models: ['gpt-4o-mini'], operations: ['chat'] },
    {
      ...{ id: 'large', effect: 'allow', roles: ['analyst'], models: ['gpt-4o'], operations: ['chat'] },
      when: { mfa: { max_age: '12h' } },
    },
  ],
}

/** One proxy whose people sign in with an issuer, a SAML provider, a directory and the store. */
export interface Together extends World {
  readonly url: string
  readonly provider: SignInIdp
  readonly saml: SamlSite
  /** A local user, with a password of its own. */
  readonly local: { readonly name: string; readonly password: string }
  /** Gives an account a second factor; answers what its app shows. */
  enroll(source: string, account: string): Promise<() => string>
}

export async function startTogether(t: Test): Promise<Together> {
  const slapd = new Slapd(PEOPLE)
  t.teardown(() => slapd.close())
  await slapd.start()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const provider = await startSignInIdp(t, { proxyUrl: url })
  const saml = await startSamlSite(t)
  const { clientId: client_id, issuer } = provider
  const login = { client_id, client_secret: { env: 'CLIENT_SECRET' }, scopes: ['openid', 'profile', 'email', 'groups'] }
  const directory = {
    ...{ name: 'staff', url: slapd.tlsUrl, ca: { file: slapd.ca }, base: SUFFIX, bind_dn: SERVICE.dn },
    ...{ bind_password: { env: 'DIRECTORY_PASSWORD' }, user_filter: '(uid={username})', claims: { id: 'uid' } },
  }
  const world = await startWorld(t, {
    listen: { proxy: `127.0.0.1:${port}` },
    issuers: [{ name: 'corp', issuer, audience: ['sallyport'], mfa_acr: ['gold'], login }],
    identity: { ldap: [directory], saml: [saml.entry], local: { enabled: true } },
    env: { DIRECTORY_PASSWORD: SERVICE.password, CLIENT_SECRET: provider.clientSecret },
    policy: POLICY,
  })
  const added = await world.proxy.command('users', 'add', 'uma', '--group', 'analysts', '--generate', '--json')
  if (added.code !== 0) throw new Error(added.stderr)
  const { password } = JSON.parse(added.stdout) as { password: string }
  for (const secret of [SERVICE.password, provider.clientSecret, 'secret-of-lena', password]) world.secrets.add(secret)
  const enroll = (source: string, account: string) =>
    enrolled(join(world.proxy.folder, 'data/sallyport.db'), source, account)
  return { ...world, url, provider, saml, local: { name: 'uma', password }, enroll }
}

/** Writes a second factor into the store of a proxy. */
export async function enrolled(file: string, source: string, account: string): Promise<() => string> {
  const secret = new OtpSecret({ size: 20 })
  const opened = openKeyStore(file)
  if (!opened.ok) throw new Error(opened.fault)
  try {
    const factor = { source, account, secret: new Secret(secret.base32), lastStep: null, recoveryHashes: [] }
    await opened.value.secondFactors.enroll({ ...factor, createdAt: Date.now() })
  } finally {
    await opened.value.close()
  }
  return () => TOTP.generate({ secret })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
