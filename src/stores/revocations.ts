import { foldedName } from '../model/folded-name.ts'
import { isStorable } from './names.ts'
import type { Operator } from './outbox.ts'
import { prepared, tables } from './queries.ts'
import type { RevocationRow } from './tables.ts'
import { noteUserEvent } from './user-events.ts'
import {
  type Answer,
  changed,
  changeLater,
  first,
  type Mode,
  type Runner,
  readLater,
  rows,
  type Work,
  writeLater,
} from './work.ts'

/** What is not valid any more. Times are epoch milliseconds. */
export interface Revocation {
  /**
   * One token by the digest of its `jti`, all tokens of a subject, those of a session, whenever they were issued, or all that
   * a key has signed.
   */
  readonly kind: 'jti' | 'subject' | 'session' | 'key'
  /** The configured name of who issues the tokens, or vouches for the person; empty for a `jti` of whomever. */
  readonly issuer: string
  readonly value: string
  /** Of a subject: whoever has this name, however it is written. */
  readonly isOfAnySpelling?: boolean
  /** What was issued up to then. */
  readonly before: number
  readonly at: number
  /** When everything that it speaks of is over by itself. */
  readonly expiresAt: number
}

/** What is asked of a token. Null for what it does not say. */
export interface AskedToken {
  readonly issuer: string
  /** A digest. */
  readonly jti: string | null
  readonly subject: string | null
  /** What the issuer calls the subject, where that is another name. */
  readonly sub?: string | null
  readonly session?: string | null
  /** The id of the key that has signed it. */
  readonly key: string | null
  /** One that does not say when it was issued is older than every revocation. */
  readonly issuedAt: number | null
}

/** Revoked tokens. Everything throws, or rejects, when the store cannot be read or written. */
export interface Revocations<M extends Mode> {
  /** One of the same thing before only grows, by what it speaks of and by how long. */
  add(revocation: Revocation, by?: Operator): Promise<void>
  isRevoked(token: AskedToken, now: number): Answer<M, boolean>
  /** Those that still count, newest first. */
  list(now: number): Promise<Revocation[]>
  /** Forgets what is over. Answers how many. */
  purge(now: number): Promise<number>
}

const all = tables.selectFrom('revocations').selectAll()
type Kind = Revocation['kind']
/** A digest of a `jti` is nobody else's. */
const ANY_ISSUER = ''
// This read stands on the path of requests. In the order of its placeholders.
const ASKED = ['jti', 'jti', 'subject', 'subject', 'session', 'key'] as const satisfies readonly Kind[]
type Asked = [Kind, string, string]
const ofToken = prepared<
  [...Asked, ...Asked, ...Asked, ...Asked, ...Asked, ...Asked, string, string, number],
  RevocationRow
>(
  all
    .where(({ and, eb, or }) =>
      // Each of them is one look into the index of the table.
      or([
        ...ASKED.map((kind) => and([eb('kind', '=', kind), eb('issuer', '=', ''), eb('value', '=', '')])),
        and([eb('issuer', '=', ''), eb('folded', '=', '')]),
      ]),
    )
    .where('expires_at', '>', 0),
)

export function revocations<M extends Mode>(runner: Runner<M>): Revocations<M> {
  return {
    add: (revocation, by) => changeLater(runner, 'users', () => add(revocation, by)),
    isRevoked: (token, now) => runner.run(() => isRevoked(token, now)),
    list: (now) =>
      readLater(runner, function* () {
        const found = yield* rows(all.where('expires_at', '>', now).orderBy('at', 'desc').orderBy('value'))
        return found.map(({ kind, issuer, value, issued_before, at, expires_at }) => {
          return { kind, issuer, value, before: issued_before, at, expiresAt: expires_at }
        })
      }),
    purge: (now) =>
      writeLater(runner, function* () {
        return yield* changed(tables.deleteFrom('revocations').where('expires_at', '<=', now))
      }),
  }
}

function* add(
  { kind, issuer, value, before, at, expiresAt, isOfAnySpelling = false }: Revocation,
  by: Operator | undefined,
): Work<void> {
  const same = all.where('kind', '=', kind).where('issuer', '=', issuer).where('value', '=', value)
  const known = yield* first(same)
  const row = {
    at: known?.at ?? at,
    issued_before: Math.max(before, known?.issued_before ?? before),
    expires_at: Math.max(expiresAt, known?.expires_at ?? expiresAt),
    folded: isOfAnySpelling && kind === 'subject' ? foldedName(value) : (known?.folded ?? null),
  }
  const insert = tables.insertInto('revocations').values({ kind, issuer, value, ...row })
  yield* changed(insert.onConflict((conflict) => conflict.columns(['kind', 'issuer', 'value']).doUpdateSet(row)))
  yield* noteUserEvent({ at, action: 'token-revoked', source: issuer, account: value, detail: { kind }, by })
}

function* isRevoked(token: AskedToken, now: number): Work<boolean> {
  const { issuer, issuedAt } = token
  const [jti, subject, sub] = [asked(token.jti), asked(token.subject), asked(token.sub)]
  const [session, key] = [asked(token.session), asked(token.key)]
  const found = yield* rows(
    ofToken(
      ...(['jti', issuer, jti, 'jti', ANY_ISSUER, jti] as const),
      ...(['subject', issuer, subject, 'subject', issuer, sub] as const),
      ...(['session', issuer, session, 'key', issuer, key] as const),
      ...([issuer, foldedName(subject)] as const),
      now,
    ),
  )
  return found.some(({ kind, issued_before, value }) => {
    if (value === '') return false
    return kind === 'jti' || kind === 'session' || issuedAt === null || issuedAt <= issued_before
  })
}

/** Nothing is revoked by an empty value; what cannot be asked for was never revoked either. */
function asked(text: string | null | undefined): string {
  return text && isStorable(text) ? text : ''
}
