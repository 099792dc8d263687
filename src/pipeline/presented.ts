import { AMBIGUOUS, readCredential } from '../identity/credentials.ts'
import type { Fault } from '../model/fault.ts'
import type { Credential } from '../model/identity.ts'
import type { RequestHead } from '../model/request.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * The one credential of a request: what its headers hold, or where they hold none the certificate of its connection. Both at
 * once are two. Faults: those of `readCredential`.
 */
export function presented(
  { rawHeaders, certificate }: Pick<RequestHead, 'rawHeaders' | 'certificate'>,
  { settings }: Pick<Snapshot, 'settings'>,
): Result<Credential, Fault> {
  const credential = readCredential(rawHeaders)
  if (certificate === undefined || settings.mtls === undefined) return credential
  if (credential.ok) return failed(AMBIGUOUS)
  return credential.fault.code === 'missing_credentials' ? ok({ kind: 'certificate', certificate }) : credential
}
