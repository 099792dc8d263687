import type { RejectReason } from '../../model/reasons.ts'
import { failed } from '../../model/result.ts'

/** Why an answer is not taken. `says` is for the person and ends a sentence about the answer: `has expired`. */
export interface Refusal {
  readonly reason: RejectReason
  readonly says: string
}

export function refused(reason: RejectReason, says: string): { readonly ok: false; readonly fault: Refusal } {
  return failed({ reason, says })
}
