import type { Problem } from '../model/problem.ts'
import type { Draft } from '../schema/draft.ts'
import { endpointFault } from './addresses.ts'
import type { SamlConfig } from './saml-schema.ts'

type Path = Problem['path']
type Found = Pick<Problem, 'path' | 'code' | 'message' | 'at'>

/** What a schema cannot say of one SAML provider. `base` is the place of its entry. Touches no file. */
export function samlProblems(entry: Draft<SamlConfig>, base: Path): Found[] {
  return [...urlProblems(entry, base), ...absentProblems(entry, base), ...loneProblems(entry, base)]
}

/** Addresses that a browser is sent to: unlike ours, they may have a query. */
function urlProblems(entry: Draft<SamlConfig>, base: Path): Found[] {
  return (['entry_point', 'logout_url'] as const).flatMap((key): Found[] => {
    const fault = entry[key] === undefined ? null : browserFault(entry[key], entry.allow_insecure ?? false)
    return fault === null ? [] : [{ path: [...base, key], code: fault.code, message: `\`${key}\` ${fault.message}` }]
  })
}

/** What is wrong with an address that a browser is sent to; null when nothing is. */
export function browserFault(written: string, allowInsecure: boolean): { code: string; message: string } | null {
  const [address = '', query] = written.split(/\?(.*)/s)
  if (query?.includes('#') || /[\s\\]/.test(written)) return endpointFault(written, allowInsecure)
  if (/[?&](?:SAML(?:Request|Response)|RelayState|SigAlg|Signature)=/.test(written))
    return { code: 'invalid_url', message: 'must not have parameters that belong to a message of SAML' }
  return endpointFault(address, allowInsecure)
}

function absentProblems(entry: Draft<SamlConfig>, base: Path): Found[] {
  if (entry.metadata !== undefined) return []
  return (['entry_point', 'idp_cert'] as const).flatMap((key): Found[] => {
    if (entry[key] !== undefined) return []
    const message = `\`${key}\` is missing; write it, or name the \`metadata\` of the provider`
    return [{ path: [...base, key], code: 'incomplete', message }]
  })
}

function loneProblems(entry: Draft<SamlConfig>, base: Path): Found[] {
  return (['signing', 'decryption'] as const).flatMap((use): Found[] => {
    if (entry[`${use}_cert`] === undefined || entry[`${use}_key`] !== undefined) return []
    const message = `\`${use}_cert\` means nothing without \`${use}_key\``
    return [{ path: [...base, `${use}_key`], code: 'incomplete', message }]
  })
}
