import { foldedName } from '../../model/folded-name.ts'
import type { JsonValue } from '../../model/json.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { ScimMatch, ScimUser, ScimUserFilter } from '../../model/scim.ts'
import { invalid, type ScimFault } from './answers.ts'
import { type Email, setEmails } from './emails.ts'
import type { Consequence, Kind, Operation } from './kind.ts'
import type { Target } from './paths.ts'
import { present, readBoolean, readMembers, readName, readText } from './values.ts'

interface Name {
  readonly formatted: string | null
  readonly givenName: string | null
  readonly familyName: string | null
}

/** What is kept of somebody: who they are, and whether they may call. Nothing else that a provider knows is of use here. */
interface UserFields {
  readonly userName: string
  readonly externalId: string | null
  readonly active: boolean
  readonly displayName: string | null
  readonly name: Name
  readonly emails: readonly Email[]
}

const NO_NAME: Name = { formatted: null, givenName: null, familyName: null }
const NAME_PARTS = { formatted: 'formatted', givenname: 'givenName', familyname: 'familyName' } as const

export const users: Kind<ScimUser, ScimUserFilter, UserFields> = {
  type: 'User',
  maxPage: 200,
  kept: ({ users }) => users,
  filters: { id: 'id', username: 'userName', externalid: 'externalId' },
  // One that is written anew without a word of it stays disabled.
  blank: (before) => ({
    userName: '',
    externalId: null,
    active: before?.active ?? true,
    displayName: null,
    name: NO_NAME,
    emails: [],
  }),
  set,
  unique: ({ userName }) => ({ userName }),
  lacking: ({ userName }) =>
    userName === '' ? { status: 400, scimType: 'invalidValue', detail: '`userName` is missing' } : null,
  fieldsOf: ({ userName, externalId, active, resource }) => {
    // INVARIANT: only `storedOf` writes it.
    const rest = JSON.parse(resource) as Pick<UserFields, 'displayName' | 'name' | 'emails'>
    return { userName, externalId, active, ...rest }
  },
  storedOf: ({ userName, externalId, active, ...rest }, versioned) => {
    return { ...versioned, userName, externalId, active, resource: JSON.stringify(rest) }
  },
  document: (stored) => {
    const { name, emails, ...fields } = users.fieldsOf(stored)
    const named = present({ ...name })
    return present({
      ...fields,
      name: Object.keys(named).length === 0 ? null : named,
      emails: emails.length === 0 ? null : emails.map((email) => present({ ...email })),
    })
  },
  action: (before, after) => {
    if (before === null) return 'scim-user-created'
    if (after === null) return 'scim-user-removed'
    if (before.active === after.active) return 'scim-user-changed'
    return after.active ? 'scim-user-enabled' : 'scim-user-disabled'
  },
  consequences,
}

function set(
  fields: UserFields,
  { attribute, filter, sub }: Target,
  operation: Operation,
  value: JsonValue | undefined,
): Result<UserFields, ScimFault> {
  switch (attribute) {
    case 'username':
      if (operation === 'remove')
        return failed({ status: 400, scimType: 'mutability', detail: '`userName` is required' })
      return put(fields, 'userName', readName('userName', value))
    case 'active':
      if (operation === 'remove') return invalid('invalidValue', '`active` must be true or false')
      return put(fields, 'active', readBoolean('active', value))
    case 'externalid':
      return put(fields, 'externalId', readText('externalId', operation === 'remove' ? null : value))
    case 'displayname':
      return put(fields, 'displayName', readText('displayName', operation === 'remove' ? null : value))
    case 'name':
      return put(fields, 'name', setName(fields.name, sub, operation, value))
    case 'emails':
      return put(fields, 'emails', setEmails(fields.emails, { filter, sub }, operation, value))
    default:
      return ok(fields)
  }
}

function put<Key extends keyof UserFields>(
  fields: UserFields,
  key: Key,
  value: Result<UserFields[Key], ScimFault>,
): Result<UserFields, ScimFault> {
  return value.ok ? ok({ ...fields, [key]: value.value }) : value
}

function setName(
  name: Name,
  sub: string | null,
  operation: Operation,
  value: JsonValue | undefined,
): Result<Name, ScimFault> {
  if (sub === null && (operation === 'remove' || value === null)) return ok(NO_NAME)
  const members = sub === null ? readMembers('name', value) : ok(new Map([[sub, value]]))
  if (!members.ok) return members
  let changed = name
  for (const [part, key] of Object.entries(NAME_PARTS)) {
    if (!members.value.has(part)) continue
    const text = readText(`name.${key}`, operation === 'remove' ? null : members.value.get(part))
    if (!text.ok) return text
    changed = { ...changed, [key]: text.value }
  }
  return ok(changed)
}

/** Under another id they are somebody else: the one before ends. Another spelling of a name is no other one. */
function consequences(before: UserFields | null, after: UserFields | null, match: ScimMatch): readonly Consequence[] {
  const found: Consequence[] = []
  const [old, own] = [before?.[match] ?? null, after?.[match] ?? null]
  if (old !== null && old !== own) {
    const isSpelling = match === 'userName' && own !== null && foldedName(old) === foldedName(own)
    found.push({ kind: isSpelling ? 'disabled' : 'removed', id: old })
  }
  if (own === null || after === null) return found
  const isSame = old === own
  if (!after.active && !(isSame && before?.active === false)) found.push({ kind: 'disabled', id: own })
  if (after.active && !(isSame && before?.active === true)) found.push({ kind: 'enabled', id: own })
  return found
}
