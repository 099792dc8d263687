import { join } from 'node:path'
import { Secret as OtpSecret, TOTP } from 'otpauth'
import type { Test } from 'tap'
import type { IdentityReport } from '../../../../src/identity/method.ts'
import { type SecondFactorPorts, secondFactorChecks } from '../../../../src/identity/second-factor/checks.ts'
import {
  newRecoveryCodes,
  readRecoveryCode,
  recoveryHash,
} from '../../../../src/identity/second-factor/recovery-codes.ts'
import { Secret } from '../../../../src/model/secret.ts'
import { folder, NOW, open } from '../../stores/store-scene.ts'

/** The secret of RFC 6238, appendix B. */
export const SECRET = new Secret(OtpSecret.fromLatin1('12345678901234567890').base32)
export const ALICE = { source: 'local', account: 'alice' } as const
export const STEP_MS = 30_000

export const codeAt = (ms: number, secret = SECRET): string =>
  TOTP.generate({ secret: OtpSecret.fromBase32(secret.reveal()), timestamp: ms })

/** Checks of one process, or of several that share a store, with Alice's factor in it. */
export async function scene(t: Test, more: Partial<SecondFactorPorts> = {}) {
  const clock = { now: NOW }
  const reports: IdentityReport[] = []
  const file = join(folder(t), 'store.db')
  const store = open(t, file)
  const codes = newRecoveryCodes()
  const enroll = (of: { readonly source: string; readonly account: string } = ALICE) =>
    store.secondFactors.enroll({
      ...of,
      secret: SECRET,
      lastStep: null,
      recoveryHashes: codes.map((code) => recoveryHash(of, readRecoveryCode(code.reveal()) ?? '')),
      createdAt: NOW,
    })
  await enroll()
  const ports = { clock: () => clock.now, report: (report: IdentityReport) => void reports.push(report) }
  const process = (own = store) => secondFactorChecks({ ...ports, store: () => own, ...more })
  const checks = process()
  const check = (code: string, client = '192.0.2.1', of: { source: string; account: string } = ALICE, by = checks) =>
    by.check(of.source, of.account, new Secret(code), client)
  /** In one word. */
  const says = async (...args: Parameters<typeof check>) => {
    const verdict = await check(...args)
    return verdict.outcome === 'right' ? verdict.by : verdict.outcome
  }
  return { clock, reports, file, store, codes, enroll, process, checks, check, says }
}

export const RIGHT_OTP = { outcome: 'right', by: 'otp' } as const
export const WRONG = { outcome: 'wrong', retryAfterSeconds: null } as const
