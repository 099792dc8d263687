import { shownCertificate } from './client-authority.ts'
import { DpopClient } from './dpop-client.ts'
import type { Row, Who } from './every-held.ts'
import type { SignIns } from './every-sign-in.ts'
import { type EveryWorld, LENA, POD, SVID } from './every-world.ts'
import { basicOf } from './local-users.ts'

const refusal = (reason: string) => `401 invalid_api_key ${reason}`
const now = () => Math.floor(Date.now() / 1000)

export async function everyRow(world: EveryWorld, signIns: SignIns): Promise<readonly Row[]> {
  return [
    ...(await fromIssuers(world)),
    ...(await fromSignIns(world, signIns)),
    ...(await own(world)),
    ...(await bound(world)),
  ]
}

/** Tokens that somebody else has made. */
async function fromIssuers({ people, opaque, cluster, spire }: EveryWorld): Promise<readonly Row[]> {
  const jwt = await people.mint({ sub: 'alice@example.org', amr: ['pwd', 'otp'] })
  const pod = { sub: POD, 'kubernetes.io': { namespace: 'ml', serviceaccount: { name: 'reports' } } }
  return [
    [
      'an access token of an issuer',
      { token: jwt },
      ['jwt', 'people', 'alice@example.org', 'yes'],
      [
        ['over', { token: await people.mint({ exp: now() - 600 }) }, refusal('expired'), 'jwt', 'people'],
        ['for another audience', { token: await people.mint({ aud: 'other' }) }, refusal('wrong_aud'), 'jwt', 'people'],
        ['changed', { token: changed(jwt) }, refusal('bad_signature'), 'jwt', 'people'],
        [
          'of nobody here',
          { token: await people.mint({ iss: 'https://evil.example' }) },
          refusal('wrong_iss'),
          'jwt',
          undefined,
        ],
      ],
    ],
    [
      'an opaque token that its issuer is asked about',
      { token: await opaque.token('oscar') },
      ['jwt', 'opaque', 'oscar@example.org', 'unknown'],
      [
        [
          'for another audience',
          { token: await opaque.token('oscar', 'other') },
          refusal('wrong_aud'),
          'jwt',
          'opaque',
        ],
        ['that never was', { token: 'an-opaque-token-that-never-was' }, refusal('inactive'), 'jwt', 'opaque'],
      ],
    ],
    [
      'the token of a service account',
      { token: await cluster.mint(pod) },
      ['jwt', 'cluster', POD, 'unknown'],
      [
        [
          'for the API server',
          { token: await cluster.mint({ ...pod, aud: [cluster.issuer] }) },
          refusal('wrong_aud'),
          'jwt',
          'cluster',
        ],
        [
          'of another one',
          { token: await cluster.mint({ ...pod, sub: 'system:serviceaccount:ml:other' }) },
          '403 policy_denied role_missing',
          'jwt',
          'cluster',
        ],
      ],
    ],
    [
      'a JWT-SVID',
      { token: await spire.mint({ sub: SVID }) },
      ['jwt', 'spire', SVID, 'unknown'],
      [
        ['over', { token: await spire.mint({ sub: SVID, exp: now() - 600 }) }, refusal('expired'), 'jwt', 'spire'],
        [
          'of another issuer',
          { token: await spire.mint({ sub: SVID, iss: cluster.issuer }) },
          refusal('unknown_kid'),
          'jwt',
          'cluster',
        ],
      ],
    ],
  ]
}

/** Tokens of the proxy, by who has let the person in. */
async function fromSignIns({ provider, local, code }: EveryWorld, signIns: SignIns): Promise<readonly Row[]> {
  provider.next.account = 'alice'
  const alone = `local\\${local.name}`
  const [corp, adfs] = [await signIns.with('corp'), await signIns.with('adfs')]
  const staff = await signIns.byPassword(LENA.name, LENA.password)
  const app = code()
  const twice = await signIns.byPassword(alone, local.password, app)
  await signIns.refused(alone, local.password, app)
  await signIns.refused(LENA.name, 'not-the-password-of-lena')
  const terminal = await signIns.byTerminal(LENA.name, LENA.password)
  /** What nobody has signed is believed in nothing: not in who let the person in, either. */
  const row = (name: string, token: string, who: Who): Row => [
    name,
    { token },
    who,
    [['changed', { token: changed(token) }, refusal('bad_signature'), 'jwt', 'tokens']],
  ]
  return [
    row('a token of the proxy, after a sign-in with an issuer', corp, ['jwt', 'corp', 'alice', 'unknown']),
    row('… with a SAML provider', adfs, ['saml', 'adfs', 'sam@example.org', 'no']),
    row('… with a directory', staff, ['ldap', 'staff', 'lena', 'no']),
    row('… with a password and a code', twice, ['local', 'local', 'uma', 'yes']),
    row('… from a terminal', terminal, ['ldap', 'staff', 'lena', 'no']),
  ]
}

/** What the proxy keeps itself, or asks a directory about. */
async function own({ proxy, local, secrets }: EveryWorld): Promise<readonly Row[]> {
  const key = async (...limits: readonly string[]) => {
    const made = await proxy.command('keys', 'create', '--owner', 'ci', '--group', 'analysts', '--json', ...limits)
    return (JSON.parse(made.stdout) as { key: string }).key
  }
  const [plain, gone, narrow, elsewhere] = [
    await key(),
    await key('--expires', '1s'),
    await key('--model', 'gpt-4o-mini', '--model', 'claude-*', '--network', '127.0.0.0/8'),
    await key('--network', '192.0.2.0/24'),
  ]
  const wrong = 'not-the-password-of-anybody'
  secrets.add(wrong)
  return [
    [
      'an API key',
      { token: plain },
      ['api_key', 'api_keys', 'ci', 'unknown'],
      [
        [
          'with a slip',
          { token: `${plain.slice(0, -1)}${plain.endsWith('0') ? '1' : '0'}` },
          refusal('malformed'),
          'api_key',
          'api_keys',
        ],
        ['that is over', { token: gone }, refusal('expired'), 'api_key', 'api_keys'],
      ],
    ],
    [
      'an API key with limits',
      { token: narrow },
      ['api_key', 'api_keys', 'ci', 'unknown'],
      [
        [
          'for another model',
          { model: 'gpt-4o-nano' },
          '403 policy_denied key_model_not_allowed',
          'api_key',
          'api_keys',
        ],
        ['for another network', { token: elsewhere }, refusal('network_not_allowed'), 'api_key', 'api_keys'],
      ],
    ],
    [
      'a password of the directory',
      { authorization: basicOf(LENA.name, LENA.password) },
      ['ldap', 'staff', 'lena', 'no'],
      [['a wrong one', { authorization: basicOf(LENA.name, wrong) }, refusal('wrong_password'), 'ldap', 'staff']],
    ],
    [
      'a password of the store',
      { authorization: basicOf(`local\\${local.name}`, local.password) },
      ['local', 'local', 'uma', 'no'],
      [
        [
          'a wrong one',
          { authorization: basicOf(`local\\${local.name}`, wrong) },
          refusal('wrong_password'),
          'local',
          'local',
        ],
        [
          'of the directory',
          { authorization: basicOf(`local\\${LENA.name}`, LENA.password) },
          refusal('unknown_user'),
          'local',
          'local',
        ],
      ],
    ],
  ]
}

/** What is worth nothing without a private key. */
async function bound({ certificates, people }: EveryWorld): Promise<readonly Row[]> {
  const pair = certificates.issue('email:carol@example.org')
  const other = certificates.issue('email:other@example.org')
  const bare = certificates.authority.issue({ subject: '/OU=analysts/CN=carol' })
  const [dpop, thief] = await Promise.all([DpopClient.make(), DpopClient.make()])
  const toCertificate = await people.mint({ cnf: { 'x5t#S256': shownCertificate(pair, '').thumbprint } })
  const toKey = await people.mint({ cnf: { jkt: dpop.thumbprint } })
  return [
    [
      'a client certificate',
      { pair },
      ['mtls', 'mtls', 'carol@example.org', 'unknown'],
      [
        ['that names nobody', { pair: bare }, refusal('claim_missing'), 'mtls', 'mtls'],
        ['beside a token', { token: await people.mint() }, '400 ambiguous_credentials ambiguous', 'jwt', 'people'],
        ['none', { pair: null }, '401 missing_credentials missing', undefined, undefined],
      ],
    ],
    [
      'a token that is bound to a certificate',
      { token: toCertificate, pair },
      ['jwt', 'people', 'alice@example.org', 'unknown'],
      [
        ['with another one', { pair: other }, refusal('proof_invalid'), 'jwt', 'people'],
        ['without one', { pair: null }, refusal('proof_missing'), 'jwt', 'people'],
      ],
    ],
    [
      'a token that is bound to a key',
      { token: toKey, dpop },
      ['jwt', 'people', 'alice@example.org', 'unknown'],
      [
        ['with the proof of another key', { dpop: thief }, refusal('proof_invalid'), 'jwt', 'people'],
        ['as a bearer', { dpop: null }, refusal('proof_missing'), 'jwt', 'people'],
        ['a token that is bound to nothing', { token: await people.mint() }, refusal('wrong_type'), 'jwt', 'people'],
      ],
    ],
  ]
}

/** The same token for somebody else, its signature untouched. */
function changed(token: string): string {
  const [head, payload = '', signature] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
  const other = Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url')
  return [head, other, signature].join('.')
}
