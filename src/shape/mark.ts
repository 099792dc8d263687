import { type Fault, fault } from '../model/fault.ts'
import { isJsonObject, type JsonBody, ownValue } from '../model/json.ts'
import { findMember, skipSpace } from '../model/json-text.ts'
import { MARK_KEY, MARK_VERSION, MAX_OWN_PAIRS } from '../model/marks.ts'
import type { ObjectKind } from '../model/objects.ts'
import type { Reason } from '../model/reasons.ts'
import type { Marker } from '../model/sealing.ts'
import { type Edit, insertedMembers } from './edits.ts'
import { encodedOwner, isSame, type KeyRing, KID_LENGTH, type Ownership } from './seal.ts'

/**
 * Opens the marker of one scope on one upstream for objects of one kind. A mark is `spm1`, the name of the key and 128 bits
 * of an HMAC-SHA256 over what an id is sealed by, and the kind in the place of the id. Its first part says that it is a
 * mark, so that no mark is the proof of an id, nor the other way round.
 *
 * Does not say: which object it is of. A mark is written before there is an id, and is therefore never shown to anybody.
 */
export function openMarker(ring: KeyRing, ownership: Ownership, kind: ObjectKind): Marker {
  const markBy = (kid: string): string | null => {
    const key = ring.byKid.get(kid)
    if (key === undefined) return null
    return MARK_VERSION + kid + key.tag(encodedOwner('sallyport mark', MARK_VERSION, kid, ownership), kind)
  }
  const known = new Map<string, string | null>()
  const at = MARK_VERSION.length
  return {
    mark: markBy(ring.sealing.kid) ?? '',
    isOnlyMark: ring.byKid.size === 1,
    opens: (written) => {
      if (typeof written !== 'string' || !written.startsWith(MARK_VERSION)) return false
      const kid = written.slice(at, at + KID_LENGTH)
      if (!ring.byKid.has(kid)) return false
      const expected = known.get(kid) ?? markBy(kid)
      known.set(kid, expected)
      return expected !== null && isSame(expected, written)
    },
  }
}

/** Why a body cannot be marked: its metadata is none, is full, or has a pair of the proxy's name already. */
export function unmarkable({ value }: JsonBody): Fault | null {
  const metadata = ownValue(value, 'metadata') ?? null
  if (metadata === null) return null
  if (!isJsonObject(metadata)) return refused('`metadata` is not an object', 'body_invalid')
  if (Object.hasOwn(metadata, MARK_KEY)) return markRefused
  if (Object.keys(metadata).length <= MAX_OWN_PAIRS) return null
  return refused(`\`metadata\` has more than ${MAX_OWN_PAIRS} pairs: one is the proxy’s own`, 'body_invalid')
}

function refused(message: string, reason: Reason): Fault {
  return fault('invalid_body', message, { param: 'metadata', reason })
}

export const markRefused: Fault = refused(`\`metadata.${MARK_KEY}\` is the proxy’s own`, 'object_not_allowed')

/**
 * What marks the object that a body makes or changes. The end of the body, not its beginning, takes a member that is not
 * there: there the edits of a policy stand.
 */
export function marking({ value, text }: JsonBody, mark: string): Edit {
  const pair = `${JSON.stringify(MARK_KEY)}:${JSON.stringify(mark)}`
  const place = findMember(text, skipSpace(text, 0), 'metadata')
  if (place === null) {
    const end = text.lastIndexOf('}')
    const comma = Object.keys(value).length === 0 ? '' : ','
    return { from: end, to: end, text: `${comma}"metadata":{${pair}}` }
  }
  if (isJsonObject(ownValue(value, 'metadata'))) return insertedMembers(text, place.value, pair)
  return { from: place.value, to: place.end, text: `{${pair}}` }
}
