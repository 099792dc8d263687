import { AMBIGUOUS, readCredential } from '../identity/credentials.ts'
import type { Fault } from '../model/fault.ts'
import type { Credential } from '../model/identity.ts'
import type { RequestHead } from '../model/request.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * The one credential of a request: what its headers hold, or where they hold none the certificate of its connection. A
 * certificate beside a token may be the proof that the token asks for; beside a password it is a second credential. Faults:
 * those of `readCredential`.
 */
export function presented(
  head: Pick<RequestHead, 'rawHeaders' | 'method' | 'target' | 'certificate'>,
  { settings }: Pick<Snapshot, 'settings'>,
): Result<Credential, Fault> {
  const credential = readCredential(head.rawHeaders, head)
  const { certificate } = head
  if (certificate === undefined) return credential
  const isCounted = settings.mtls !== undefined
  if (!credential.ok) {
    const isMissing = credential.fault.code === 'missing_credentials'
    return isMissing && isCounted ? ok({ kind: 'certificate', certificate }) : credential
  }
  const { value } = credential
  if (value.kind !== 'token') return isCounted ? failed(AMBIGUOUS) : credential
  return ok({ ...value, proof: { certificate, isCounted, dpop: value.proof?.dpop ?? null } })
}
