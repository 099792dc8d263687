import type { JsonValue } from '../../model/json.ts'
import { ok, type Result } from '../../model/result.ts'
import { invalid, type ScimFault } from './answers.ts'
import type { Operation } from './kind.ts'
import type { Comparison, Target } from './paths.ts'
import { listed, readBoolean, readMembers, readText } from './values.ts'

export interface Email {
  readonly value: string | null
  readonly type: string | null
  readonly primary: boolean
}

const MAX_EMAILS = 20
const NO_EMAIL: Email = { value: null, type: null, primary: false }

/**
 * One that an operation names by a filter and that is not there is made, as providers expect of
 * `emails[type eq "work"].value`.
 */
export function setEmails(
  emails: readonly Email[],
  { filter, sub }: Pick<Target, 'filter' | 'sub'>,
  operation: Operation,
  value: JsonValue | undefined,
): Result<readonly Email[], ScimFault> {
  if (filter === null && sub !== null) return invalid('invalidPath', 'a path into `emails` needs a filter')
  if (operation === 'remove') {
    if (filter === null) return ok([])
    if (sub === null) return ok(emails.filter((email) => !isMeant(email, filter)))
    return changeMeant(emails, filter, new Map([[sub, null]]))
  }
  if (filter !== null) {
    const members = sub === null ? readMembers('emails', value) : ok(new Map([[sub, value ?? null]]))
    return members.ok ? changeMeant(emails, filter, members.value) : members
  }
  const read = readEmails(value)
  if (!read.ok) return read
  return bounded(operation === 'replace' ? read.value : [...emails.filter(isNotAmong(read.value)), ...read.value])
}

function readEmails(value: JsonValue | undefined): Result<readonly Email[], ScimFault> {
  const emails: Email[] = []
  for (const one of listed(value)) {
    const members = readMembers('emails', one)
    const email = members.ok ? changed(NO_EMAIL, members.value) : members
    if (!email.ok) return email
    if (email.value.value !== null) emails.push(email.value)
  }
  return ok(emails)
}

const isNotAmong = (others: readonly Email[]) => (email: Email) => !others.some(({ value }) => value === email.value)

function changeMeant(
  emails: readonly Email[],
  filter: Comparison,
  members: ReadonlyMap<string, JsonValue>,
): Result<readonly Email[], ScimFault> {
  const kept: Email[] = []
  for (const email of emails.some((one) => isMeant(one, filter)) ? emails : [...emails, made(filter)]) {
    const next = isMeant(email, filter) ? changed(email, members) : ok(email)
    if (!next.ok) return next
    if (next.value.value !== null) kept.push(next.value)
  }
  return bounded(kept)
}

function changed(email: Email, members: ReadonlyMap<string, JsonValue>): Result<Email, ScimFault> {
  const value = members.has('value') ? readText('emails.value', members.get('value')) : ok(email.value)
  const type = members.has('type') ? readText('emails.type', members.get('type')) : ok(email.type)
  const written = members.get('primary')
  const primary = written === undefined ? ok(email.primary) : readBoolean('emails.primary', written ?? false)
  if (!value.ok) return value
  if (!type.ok) return type
  return primary.ok ? ok({ value: value.value, type: type.value, primary: primary.value }) : primary
}

function isMeant(email: Email, { attribute, value }: Comparison): boolean {
  if (attribute === 'primary') return email.primary === value
  if (typeof value !== 'string') return false
  const own = attribute === 'type' ? email.type : attribute === 'value' ? email.value : null
  return own?.toLowerCase() === value.toLowerCase()
}

function made({ attribute, value }: Comparison): Email {
  if (attribute === 'primary') return { ...NO_EMAIL, primary: value === true }
  return attribute === 'type' && typeof value === 'string' ? { ...NO_EMAIL, type: value } : NO_EMAIL
}

function bounded(emails: readonly Email[]): Result<readonly Email[], ScimFault> {
  return emails.length > MAX_EMAILS
    ? invalid('invalidValue', `\`emails\` must have ${MAX_EMAILS} entries at most`)
    : ok(emails)
}
