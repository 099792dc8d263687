import { type Static, Type } from 'typebox'
import { closed, duration, fallback, identifier, secretReference, text, texts, timer, word } from '../schema/parts.ts'

const attribute = (description: string) =>
  Type.String({
    pattern: '^[A-Za-z][A-Za-z0-9-]{0,127}$',
    description,
    patternErrorMessage: 'the name of an attribute such as `mail`, or `dn`',
  })

const nested = Type.Union(
  [
    Type.Boolean({ description: 'true: as the directory can, false: only what the filter finds' }),
    word('ad: by the matching rule of Active Directory; walk: step by step', ['ad', 'walk']),
  ],
  { description: 'whether the groups of groups count, too' },
)

/** One directory whose users sign in with their passwords. */
export const ldapSchema = closed('a directory (LDAP, Active Directory) whose users sign in with their passwords', {
  name: identifier('what policies and audit events call it; who signs in may write `NAME\\user`'),
  url: Type.Union(
    [text('a server: `ldaps://host` or `ldap://host:port`'), texts('servers, in the order they are tried')],
    {
      description: 'the server, or several of them in the order in which they are tried',
    },
  ),
  base: text('where users are searched, a DN'),
  bind_dn: Type.Optional(text('who searches; without it the search is anonymous')),
  bind_password: Type.Optional(secretReference),
  user_filter: fallback(
    text('finds one user; `{username}` stands for the name that was given'),
    '(sAMAccountName={username})',
  ),
  group_base: Type.Optional(text('where groups are searched, a DN; `base` when absent')),
  group_filter: fallback(
    text('finds the groups of a user; `{dn}` and `{ATTRIBUTE}` stand for those of its entry'),
    '(member={dn})',
  ),
  nested_groups: fallback(nested, true),
  claims: fallback(
    closed('which attribute tells what; `dn` is the name of the entry', {
      id: fallback(attribute('of the user: what policies and audit events call it'), 'dn'),
      name: fallback(attribute('of the user'), 'cn'),
      email: fallback(attribute('of the user'), 'mail'),
      groups: fallback(
        Type.Union(
          [
            attribute('of each group: its name'),
            Type.Array(attribute('of each group: its name'), {
              minItems: 1,
              uniqueItems: true,
              description: 'several',
            }),
          ],
          { description: 'of each group: what policies call it' },
        ),
        'cn',
      ),
      workspace: Type.Optional(attribute('of the user')),
    }),
    {},
  ),
  attributes: fallback(
    Type.Array(attribute('of the user'), {
      uniqueItems: true,
      maxItems: 64,
      description: 'attributes that the policy condition `claim` may speak of',
    }),
    [],
  ),
  start_tls: fallback(
    Type.Boolean({ description: 'ask an `ldap://` server for TLS, and go on with nothing less' }),
    false,
  ),
  ca: Type.Optional(
    closed('who signs the certificates of the servers, instead of those that the platform trusts', {
      file: text('certificates (PEM), relative to this file'),
    }),
  ),
  timeouts: fallback(
    closed('how long to wait for a server', {
      connect: fallback(timer('until the connection stands, with its TLS'), '5s'),
      operation: fallback(timer('for one answer'), '5s'),
      total: fallback(timer('for all of a sign-in, before it is answered 503'), '10s'),
      idle: fallback(timer('how long an unused connection stays open'), '60s'),
    }),
    {},
  ),
  max_connections: fallback(
    Type.Integer({ minimum: 1, maximum: 256, description: 'at once, to search; and as many to try passwords' }),
    8,
  ),
  max_waiting: fallback(
    Type.Integer({ minimum: 0, maximum: 65_536, description: 'sign-ins that may wait for a connection' }),
    64,
  ),
  cache: fallback(
    duration('how long a password that was right is believed; the account is read again after 15s', { most: '10m' }),
    '60s',
  ),
  allow_insecure: fallback(
    Type.Boolean({
      description: 'accept plain ldap beyond loopback: passwords can be read on the way; for tests only',
    }),
    false,
  ),
})
export type LdapConfig = Static<typeof ldapSchema>
