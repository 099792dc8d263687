import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { mintKey } from '../../../src/identity/api-keys/key-format.ts'
import { hashSecret } from '../../../src/identity/argon2.ts'
import type { MethodKind } from '../../../src/identity/method.ts'
import { METHOD_KINDS } from '../../../src/identity/methods/index.ts'
import { METHODS } from '../../../src/model/identity.ts'
import type { StoredKey } from '../../../src/model/ports.ts'
import { readRevocationList } from '../../../src/model/revocation-list.ts'
import { noCertificates } from '../../support/certificates.ts'
import { ClientAuthority, FOR_CLIENTS, shownCertificate } from '../../support/client-authority.ts'
import { startScriptedLdap } from '../../support/ldap-server.ts'
import { folder, goodClaims, issuerSettings, makeKey, NOW, NOW_S, quietPorts, token, writeKeys } from './forge.ts'
import { basic, ldapSettings } from './ldap/scene.ts'
import { identityMethodContract, type Specimen } from './method-contract.ts'
import { scene as ownTokens, signedIn, TOKENS, URL, VOUCHED } from './tokens/scene.ts'

const key = makeKey('ES256', 'es')
const goodKey = mintKey(NOW)
const JWT = token(key)

/** A method without a row here fails the test below. */
const specimens: { readonly [name: string]: (t: Test, kind: MethodKind) => Promise<Specimen> } = {
  jwt: async (t, kind) => {
    const clock = { now: NOW }
    const file = writeKeys(join(folder(t), 'jwks.json'), [key.jwk])
    const settings = issuerSettings(file)
    const [plan] = kind.plans({ issuers: [settings], apiKeys: { enabled: false } })
    if (plan === undefined) throw new Error('no plan')
    return {
      method: plan.open(quietPorts(clock)),
      good: JWT,
      wrong: [
        [token(key, goodClaims({ exp: NOW_S - 100 })), 'expired'],
        [token(makeKey('ES256', 'es')), 'bad_signature'],
        [token(makeKey('ES256', 'other')), 'unknown_kid'],
      ],
      foreign: [goodKey.key, token(key, goodClaims({ iss: 'https://other.example' })), 'opaque'],
      sever: () => {
        rmSync(file)
        clock.now += settings.jwks.maxStaleMs + 1
      },
    }
  },
  own_token: async (t, kind) => {
    const { issued, held } = ownTokens(t)
    const { signing } = held.ring ?? {}
    const [plan] = kind.plans({ issuers: [], apiKeys: { enabled: false }, saml: VOUCHED, tokens: TOKENS })
    if (plan === undefined || signing === undefined) throw new Error('no plan')
    const good = await issued(signedIn({}, { issuer: 'tokens', method: 'jwt' }))
    return {
      method: plan.open(quietPorts({ now: NOW }, { tokens: { url: () => URL, keys: () => held.ring } })),
      good,
      wrong: [
        [await signing.sign(JSON.stringify({ iss: URL })), 'claim_missing'],
        [`${good.slice(0, good.lastIndexOf('.'))}.${Buffer.alloc(64).toString('base64url')}`, 'bad_signature'],
        [token(makeKey('EdDSA', 'other'), goodClaims({ iss: URL })), 'unknown_kid'],
      ],
      foreign: [goodKey.key, JWT, 'opaque'],
      sever: () => {
        held.ring = null
      },
    }
  },
  api_key: async (_, kind) => {
    const clock = { now: NOW }
    const base = { owner: 'ci', roles: [], groups: [], workspace: null, networks: [], models: [], createdAt: NOW }
    const rest = { expiresAt: null, revokedAt: null, rotatedFrom: null, lastUsedAt: null }
    const hash = await hashSecret(goodKey.key)
    const revoked = mintKey(NOW)
    const records: StoredKey[] = [
      { ...base, ...rest, hash, id: goodKey.id, tag: goodKey.tag },
      { ...base, ...rest, hash, id: revoked.id, tag: revoked.tag, revokedAt: NOW },
    ]
    let severed = false
    const find = (id: string) => {
      if (severed) throw new Error('severed')
      return records.find((record) => record.id === id)
    }
    const [plan] = kind.plans({ issuers: [], apiKeys: { enabled: true } })
    if (plan === undefined) throw new Error('no plan')
    return {
      method: plan.open(quietPorts(clock, { keys: { find, touch: () => undefined } })),
      good: goodKey.key,
      wrong: [
        [revoked.key, 'revoked'],
        [mintKey(NOW).key, 'unknown_key'],
        ['sp_x', 'malformed'],
      ],
      foreign: [JWT, 'opaque'],
      sever: () => {
        severed = true
        clock.now += 60_000
      },
    }
  },
  ldap: (t, kind) => ldapSpecimen(t, kind),
  local: async (_, kind) => {
    const clock = { now: NOW }
    const words = { display: null, email: null, groups: [], roles: [], workspace: null }
    const record = { ...words, hash: await hashSecret('pass word'), changedAt: NOW, createdAt: NOW }
    const users = [
      { ...record, name: 'alice', disabledAt: null },
      { ...record, name: 'carol', disabledAt: NOW },
    ]
    let severed = false
    const find = (name: string) => {
      if (severed) throw new Error('severed')
      return users.find((user) => user.name === name)
    }
    const failed = () => ({ failures: 1, lockedUntil: null, hasLocked: false })
    const accounts = { users: { find }, accountFailures: { failed, forgive: () => undefined } }
    const [plan] = kind.plans({ issuers: [], apiKeys: { enabled: false }, local: { enabled: true } })
    if (plan === undefined) throw new Error('no plan')
    const schedule = (_: number, run: () => void) => {
      queueMicrotask(run)
      return () => undefined
    }
    return {
      method: plan.open(quietPorts(clock, { accounts, schedule })),
      present: (text) => basic(text.split(':')[0] ?? '', text.split(':')[1] ?? ''),
      good: 'alice:pass word',
      wrong: [
        ['alice:another', 'wrong_password'],
        ['carol:pass word', 'account_disabled'],
        ['bob:pass word', 'unknown_user'],
        ['alice:', 'malformed'],
      ],
      foreign: [],
      sever: () => {
        severed = true
        clock.now += 60_000
      },
    }
  },
  mtls: (t, kind) => mtlsSpecimen(t, kind),
}

/** A directory with one user, whose name is the password, too. */
const ldapSpecimen = async (t: Test, kind: MethodKind): Promise<Specimen> => {
  const clock = { now: NOW }
  const dn = 'uid=alice,dc=example,dc=org'
  const server = await startScriptedLdap((request) => {
    if (request.kind === 'search') return { entries: request.filter === '(uid=alice)' ? [{ dn }] : [] }
    return request.kind === 'bind' && request.dn === dn && request.password !== 'alice' ? { code: 49 } : {}
  })
  t.teardown(() => server.close())
  const [plan] = kind.plans({ issuers: [], apiKeys: { enabled: false }, ldap: [ldapSettings(server.port)] })
  if (plan === undefined) throw new Error('no plan')
  return {
    method: plan.open(quietPorts(clock)),
    present: (text) => basic(text.split(':')[0] ?? '', text.split(':')[1] ?? ''),
    good: 'alice:alice',
    wrong: [
      ['alice:bob', 'wrong_password'],
      ['bob:bob', 'unknown_user'],
      ['alice:', 'malformed'],
    ],
    foreign: [],
    sever: () => {
      void server.close()
      clock.now += 60_000
    },
  }
}

/** Certificates of one authority, by their names. */
const mtlsSpecimen = async (t: Test, kind: MethodKind): Promise<Specimen> => {
  const authority = new ClientAuthority()
  t.teardown(() => authority.close())
  const clock = { now: Date.now() + 60_000 }
  const list = readRevocationList(
    Buffer.from(authority.revocations(48).replace(/-----[^-]+-----/g, ''), 'base64'),
  )?.list
  const shown = new Map(
    [[FOR_CLIENTS, 'subjectAltName=DNS:good.example'], ['subjectAltName=DNS:server.example'], [FOR_CLIENTS]].map(
      (extensions, index) => [`shown-${index}`, shownCertificate(authority.issue({ extensions }), authority.cert)],
    ),
  )
  const claims = {
    id: ['san'],
    name: ['subject', 'CN'],
    email: ['san', 'email'],
    groups: ['subject', 'OU'],
    workspace: null,
  }
  const settings = { authorities: authority.cert, claims, revocations: list ? [list] : [], revocationsDigest: '' }
  const [plan] = kind.plans({ issuers: [], apiKeys: { enabled: false }, mtls: settings })
  if (plan === undefined) throw new Error('no plan')
  return {
    method: plan.open(quietPorts(clock)),
    present: (text) => {
      const certificate = shown.get(text)
      if (certificate === undefined) throw new Error('no certificate')
      return { kind: 'certificate', certificate }
    },
    good: 'shown-0',
    wrong: [
      ['shown-1', 'wrong_type'],
      ['shown-2', 'claim_missing'],
    ],
    foreign: [JWT, goodKey.key, 'opaque'],
    sever: () => {
      clock.now += 48 * 3_600_000
    },
  }
}

for (const kind of METHOD_KINDS) {
  const missing = kind.name === 'mtls' ? (noCertificates() ?? false) : false
  t.test(`the contract of ${kind.name}`, { skip: missing }, async (t) => {
    const make = specimens[kind.name]
    if (make === undefined) return t.fail('a method without a specimen')
    await identityMethodContract(t, await make(t, kind))
  })
}

t.test('the list', async (t) => {
  const names = METHOD_KINDS.map(({ name }) => name)
  t.same(new Set(names).size, names.length, 'no two share a name')
  t.ok(names.every((name) => name === 'own_token' || METHODS.includes(name)))
})
