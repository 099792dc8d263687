import type { JsonValue } from '../../model/json.ts'
import { type Draft, noteUrl, refuse } from '../draft.ts'

const PHONE = /^sips?:(?:[A-Za-z0-9._~!$&'()*+,=-]{1,64}@)?([A-Za-z0-9.-]{1,253})(?::[0-9]{1,5})?$/

/**
 * Where a call is sent on to: a host, as far as rules can speak of one. A telephone number is none, so that nobody could
 * grant it; headers and parameters of a SIP address could say more than where.
 */
export function readTarget(draft: Draft, value: JsonValue): undefined {
  const host = typeof value === 'string' ? PHONE.exec(value)?.[1] : undefined
  if (host === undefined) {
    return refuse(
      draft,
      '`target_uri` must be a plain `sip:` or `sips:` address: its host is what rules grant',
      'target_uri',
    )
  }
  noteUrl(draft, `https://${host}`, 'target_uri')
}
