import { isJsonObject, ownValue } from '../model/json.ts'
import { findMember, skipSpace } from '../model/json-text.ts'
import { Secret } from '../model/secret.ts'
import { parseStrictJson } from '../model/strict-json.ts'
import { blotKey } from './answer.ts'
import { edited } from './edits.ts'

/** Far above what the settings of a session hold. */
const LIMITS = { depth: 64, members: 20_000, containers: 20_000, values: 100_000 }
/** A shorter one could stand in an answer by chance. */
const FORM = /^[A-Za-z0-9._~+/=-]{12,512}$/
/** The name of a model that is sealed beside it. */
const NAME = /^[A-Za-z0-9._:/@+ -]{1,128}$/
/** Whatever begins like a secret of a provider. */
const LIKE_SECRET = /(?<![A-Za-z0-9_-])ek_[A-Za-z0-9_-]{8,}/g

/** As long as what is read of an answer can be: what can be sealed with this can be sealed. */
export const LONGEST = { providerSecret: new Secret('x'.repeat(512)), told: 'x'.repeat(128) }

/** What a provider answers that has set up a session. */
export interface MintedAnswer {
  readonly text: string
  readonly secret: Secret
  /** Until when the provider takes it. Epoch seconds. */
  readonly expiresAt: number
  /** The model of the session, as the provider tells it; null where it does not. */
  readonly told: string | null
}

/**
 * Reads the answer that holds a secret, in `holder` or in itself: JSON that all readers read alike. Null where there is no
 * secret that could be used, or where it stands anywhere else, too, in any spelling: then nobody may see the answer.
 */
export function readMinted(body: Buffer, holder: string | null, session: string | null): MintedAnswer | null {
  const parsed = parseStrictJson(body, LIMITS)
  if (!parsed.ok) return null
  const { value, text } = parsed.value
  const held = holder === null ? value : ownValue(value, holder)
  const [written, expiresAt] = isJsonObject(held) ? [ownValue(held, 'value'), ownValue(held, 'expires_at')] : []
  if (typeof written !== 'string' || !FORM.test(written)) return null
  if (typeof expiresAt !== 'number' || !Number.isSafeInteger(expiresAt) || expiresAt <= 0) return null
  const told = toldBy(session === null ? value : ownValue(value, session))
  if (told === undefined) return null
  const secret = new Secret(written)
  const bare = Buffer.from(replaced(text, holder, 'value', '""'))
  return blotKey(bare, secret) === bare ? { text, secret, expiresAt, told } : null
}

/** Undefined where it says it in no way that can be kept. */
function toldBy(session: unknown): string | null | undefined {
  const model = isJsonObject(session) ? (ownValue(session, 'model') ?? null) : null
  if (model === null) return null
  return typeof model === 'string' && NAME.test(model) ? model : undefined
}

/**
 * The answer with another secret in the place of the provider's, and with the end of that one. What else looks like a
 * secret is blotted: none was asked for.
 */
export function writtenMinted(
  { text, expiresAt }: MintedAnswer,
  holder: string | null,
  sealed: Secret,
  until: number,
): Buffer {
  const dated = until < expiresAt ? replaced(text, holder, 'expires_at', String(until)) : text
  const blank = dated.replace(LIKE_SECRET, '[secret]')
  return Buffer.from(replaced(blank, holder, 'value', JSON.stringify(sealed.reveal())))
}

/** The error of a provider without what looks like a secret. */
export function withoutSecrets(body: Buffer): Buffer {
  const text = body.toString('latin1')
  const clean = text.replace(LIKE_SECRET, '[secret]')
  return clean === text ? body : Buffer.from(clean, 'latin1')
}

function replaced(text: string, holder: string | null, key: string, written: string): string {
  const top = skipSpace(text, 0)
  const open = holder === null ? top : (findMember(text, top, holder)?.value ?? top)
  const place = findMember(text, open, key)
  if (place === null) throw new Error('the text of an answer is not that of its value')
  return edited(text, [{ from: place.value, to: place.end, text: written }])
}
