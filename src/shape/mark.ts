import { type Fault, fault } from '../model/fault.ts'
import { isJsonObject, type JsonBody, ownValue } from '../model/json.ts'
import { findMember, skipSpace } from '../model/json-text.ts'
import { MARK_KEY, MARK_VERSION, MAX_OWN_PAIRS } from '../model/marks.ts'
import type { ObjectKind } from '../model/objects.ts'
import type { Reason } from '../model/reasons.ts'
import { type Marker, PLAIN_VERDICT } from '../model/sealing.ts'
import { type Edit, insertedMembers } from './edits.ts'
import { encodedOwner, type KeyRing, type Ownership } from './seal.ts'

/**
 * Opens the marker of one scope on one upstream for objects of one kind. A mark is `spm1`, the name of the key and 128 bits
 * of an HMAC-SHA256 over what an id is sealed by, and in the place of the id the kind and what the object was judged for.
 * Its first part says that it is a mark, so that no mark is the proof of an id, nor the other way round.
 *
 * `verdicts`: what the ids of such objects may say beside `PLAIN_VERDICT`.
 * Does not say: which object it is of, since a mark is written before there is an id. So nobody may choose where it stands,
 * and none that is read was written by a caller: there is nobody who could learn from how long it takes.
 */
export function openMarker(
  ring: KeyRing,
  ownership: Ownership,
  kind: ObjectKind,
  verdicts: readonly string[] = [],
): Marker {
  const markBy = (kid: string, judgedFor: string): string => {
    const owner = encodedOwner('sallyport mark', MARK_VERSION, kid, ownership)
    // No kind has a space in its name.
    const what = judgedFor === PLAIN_VERDICT ? kind : `${kind} ${judgedFor}`
    const key = ring.byKid.get(kid)
    if (key === undefined) throw new Error('a mark by a key that there is not')
    return MARK_VERSION + kid + key.tag(owner, what)
  }
  let known: ReadonlyMap<string, string> | null = null
  const all = () =>
    new Map([...ring.byKid.keys()].flatMap((kid) => [PLAIN_VERDICT, ...verdicts].map((one) => [markBy(kid, one), one])))
  return {
    mark: (judgedFor = PLAIN_VERDICT) => markBy(ring.sealing.kid, judgedFor),
    isOnlyMark: ring.byKid.size === 1,
    read: (written) => {
      known ??= all()
      return typeof written === 'string' ? (known.get(written) ?? null) : null
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
