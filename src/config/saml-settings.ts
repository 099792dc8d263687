import type { SamlSettings } from '../model/saml-settings.ts'
import { durationMs } from '../model/units.ts'
import type { SamlMaterial } from './saml-files.ts'
import type { SamlConfig } from './saml-schema.ts'

/** Settings of a provider whose config has no problems; `read` is what stood in its files. */
export function samlSettings(entry: SamlConfig, read: SamlMaterial | undefined): SamlSettings {
  const { claims } = entry
  const { metadata } = read ?? {}
  return {
    name: entry.name,
    entryPoint: checked(entry.entry_point ?? metadata?.entryPoints[entry.binding]),
    binding: entry.binding,
    issuer: entry.issuer,
    idpIssuer: entry.idp_issuer ?? metadata?.entityId ?? null,
    idpCerts: read?.idpCerts ?? [],
    logoutUrl: entry.logout_url ?? metadata?.logoutUrl ?? null,
    signing: read?.signing ?? null,
    decryption: read?.decryption ?? null,
    algorithms: entry.algorithms,
    claims: { ...claims, workspace: claims.workspace ?? null, mfa: claims.mfa ?? null },
    mfaAcr: entry.mfa_acr,
    acrValues: entry.acr_values,
    nameIdFormat: entry.name_id_format ?? null,
    clockSkewMs: durationMs(entry.clock_skew),
  }
}

function checked(value: string | undefined | null): string {
  if (value === undefined || value === null) throw new Error('settings of an unchecked config')
  return value
}
