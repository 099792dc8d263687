import { resolve } from 'node:path'
import type { IssuerSettings, KeySetSettings } from '../model/identity-settings.ts'
import type { Secret } from '../model/secret.ts'
import type { ListenAddress, Settings, TlsSettings, UpstreamSettings } from '../model/settings.ts'
import { durationMs, sizeBytes } from '../model/units.ts'
import { listenAddress } from './addresses.ts'
import { dpopSettings } from './dpop.ts'
import type { IssuerConfig } from './identity-schema.ts'
import { introspectionSettings } from './introspection.ts'
import { ldapSecretName, ldapSettings } from './ldap-settings.ts'
import { loginSecretName, loginSettings } from './login-settings.ts'
import { type MtlsRead, mtlsSettings } from './mtls.ts'
import { openedPath } from './passthrough.ts'
import type { SamlRead } from './saml-files.ts'
import { samlSettings } from './saml-settings.ts'
import type { Config, UpstreamConfig } from './schema.ts'
import { SCIM_SECRET, scimSettings } from './scim-schema.ts'
import { storeSettings } from './store.ts'
import type { TokenKeyTexts } from './tokens-key.ts'
import { tokenSettings } from './tokens-settings.ts'

/** What was resolved and read beside the config: the key of each upstream by name, what the listener speaks TLS with, the store. */
interface Resolved {
  readonly keys: ReadonlyMap<string, Secret>
  readonly tls: TlsSettings | null
  readonly storeUrl: Secret | null
  readonly tokenKeys: TokenKeyTexts | null
  readonly saml: SamlRead
  readonly mtls: MtlsRead
}

/** Settings of a config that has no problems. `base` is its folder. */
export function settingsOf(
  config: Config,
  base: string,
  { keys: secrets, tls, storeUrl, tokenKeys, saml, mtls }: Resolved,
): Settings {
  const { listen, identity } = config
  return {
    listen: {
      proxy: checkedAddress(listen.proxy),
      admin: checkedAddress(listen.admin),
      tls,
      trustedProxies: listen.trusted_proxies,
      maxBodyBytes: sizeBytes(listen.max_body),
      maxBufferedBytes: sizeBytes(listen.max_buffered),
      maxUploadBytes: sizeBytes(listen.max_upload),
      spool: resolve(base, listen.spool),
      maxSpooledBytes: sizeBytes(listen.max_spooled),
      timeouts: {
        headMs: durationMs(listen.timeouts.head),
        bodyMs: durationMs(listen.timeouts.body),
        uploadMs: durationMs(listen.timeouts.upload),
        keepAliveMs: durationMs(listen.timeouts.keep_alive),
        drainMs: durationMs(listen.timeouts.drain),
      },
    },
    issuers: identity.issuers.map((issuer) => ({
      ...issuerSettings(issuer, base, secrets),
      ...loginSettings(issuer.login, secrets.get(loginSecretName(issuer.name)) ?? null),
    })),
    apiKeys: { enabled: identity.api_keys.enabled },
    local: { enabled: identity.local.enabled },
    ldap: identity.ldap.map((entry) => ldapSettings(entry, base, secrets.get(ldapSecretName(entry.name)) ?? null)),
    tokens: tokenSettings(config, base, tokenKeys),
    saml: identity.saml.map((entry, index) => samlSettings(entry, saml.entries[index])),
    ...mtlsSettings(identity.mtls, mtls),
    scim: scimSettings(identity.scim, secrets.get(SCIM_SECRET) ?? null),
    ...dpopSettings(identity.dpop),
    upstreams: config.upstreams.map((upstream) => upstreamSettings(upstream, secrets.get(upstream.name) ?? null)),
    passthrough: config.passthrough.map(({ path, ...rest }) => ({ ...rest, path: openedPath(path) })),
    policies: config.policies.map((path) => resolve(base, path)),
    store: storeSettings(config.store, storeUrl, base),
    audit: { format: config.audit.format, delivery: config.audit.delivery },
    telemetry: { metrics: config.telemetry.metrics },
  }
}

function checkedAddress(written: string): ListenAddress {
  const address = listenAddress(written)
  if (!address) throw new Error('settings of an unchecked config')
  return address
}

function issuerSettings(issuer: IssuerConfig, base: string, secrets: ReadonlyMap<string, Secret>): IssuerSettings {
  const { claims } = issuer
  return {
    name: issuer.name,
    issuer: issuer.issuer,
    audience: issuer.audience,
    jwks: keySet(issuer.jwks, base),
    algorithms: issuer.algorithms,
    clockSkewMs: durationMs(issuer.clock_skew),
    claims: {
      id: steps(claims.id),
      name: steps(claims.name),
      email: steps(claims.email),
      groups: steps(claims.groups),
      workspace: steps(claims.workspace),
    },
    mfaAcr: issuer.mfa_acr,
    allowInsecure: issuer.allow_insecure,
    ...introspectionSettings(issuer, secrets),
  }
}

function keySet(jwks: IssuerConfig['jwks'], base: string): KeySetSettings {
  const ages = { refreshMs: durationMs(jwks.refresh), maxStaleMs: durationMs(jwks.max_stale) }
  if (jwks.file !== undefined) return { kind: 'file', file: resolve(base, jwks.file), ...ages }
  if (jwks.url !== undefined) return { kind: 'url', url: jwks.url, ...ages }
  return { kind: 'discover', ...ages }
}

function steps(path: string | readonly string[]): readonly string[] {
  return typeof path === 'string' ? path.split('.') : path
}

function upstreamSettings(upstream: UpstreamConfig, apiKey: Secret | null): UpstreamSettings {
  const { timeouts } = upstream
  return {
    name: upstream.name,
    kind: upstream.kind,
    url: upstream.url.replace(/\/+$/, ''),
    apiKey,
    models: upstream.models,
    region: upstream.region ?? null,
    labels: upstream.labels,
    timeouts: {
      connectMs: durationMs(timeouts.connect),
      firstByteMs: durationMs(timeouts.first_byte),
      idleMs: durationMs(timeouts.idle),
      totalMs: durationMs(timeouts.total),
    },
    isolation: upstream.isolation,
    markNames: upstream.mark_names,
    priority: upstream.priority,
    weight: upstream.weight,
    allowInsecure: upstream.allow_insecure,
  }
}
