import type { JsonValue } from '../../model/json.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { ScimGroup, ScimGroupFilter } from '../../model/scim.ts'
import { invalid, type ScimFault } from './answers.ts'
import type { Kind, Operation } from './kind.ts'
import type { Target } from './paths.ts'
import { listed, present, readMembers, readName, readText } from './values.ts'

interface GroupFields {
  readonly display: string
  readonly externalId: string | null
  /** Ids of users, each once, in order. */
  readonly members: readonly string[]
}

const MAX_MEMBERS = 10_000

export const groups: Kind<ScimGroup, ScimGroupFilter, GroupFields> = {
  type: 'Group',
  // Each may have thousands of members.
  maxPage: 20,
  kept: ({ groups }) => groups,
  filters: { id: 'id', displayname: 'display', externalid: 'externalId' },
  blank: () => ({ display: '', externalId: null, members: [] }),
  set,
  unique: ({ display }) => ({ display }),
  lacking: ({ display }) =>
    display === '' ? { status: 400, scimType: 'invalidValue', detail: '`displayName` is missing' } : null,
  fieldsOf: ({ display, externalId, members }) => ({ display, externalId, members: [...members].sort() }),
  storedOf: (fields, versioned) => ({ ...versioned, ...fields, resource: '{}' }),
  document: ({ display, externalId, members }) => {
    const listed = members.map((value) => ({ value, $ref: `/scim/v2/Users/${value}`, type: 'User' }))
    return present({ displayName: display, externalId, members: listed })
  },
  action: (before, after) => {
    if (before === null) return 'scim-group-created'
    return after === null ? 'scim-group-removed' : 'scim-group-changed'
  },
  consequences: () => [],
}

function set(
  fields: GroupFields,
  { attribute, filter, sub }: Target,
  operation: Operation,
  value: JsonValue | undefined,
): Result<GroupFields, ScimFault> {
  switch (attribute) {
    case 'displayname': {
      if (operation === 'remove')
        return failed({ status: 400, scimType: 'mutability', detail: '`displayName` is required' })
      const display = readName('displayName', value)
      return display.ok ? ok({ ...fields, display: display.value }) : display
    }
    case 'externalid': {
      const externalId = readText('externalId', operation === 'remove' ? null : value)
      return externalId.ok ? ok({ ...fields, externalId: externalId.value }) : externalId
    }
    case 'members': {
      if (sub !== null) return invalid('invalidPath', 'members are added, replaced and removed as a whole')
      const members = setMembers(fields.members, filter, operation, value)
      return members.ok ? ok({ ...fields, members: members.value }) : members
    }
    default:
      return ok(fields)
  }
}

function setMembers(
  members: readonly string[],
  filter: Target['filter'],
  operation: Operation,
  value: JsonValue | undefined,
): Result<readonly string[], ScimFault> {
  if (filter !== null) {
    if (operation !== 'remove' || filter.attribute !== 'value') {
      return invalid('invalidFilter', 'a filter of `members` names one to be removed: `members[value eq "…"]`')
    }
    return ok(members.filter((id) => id !== filter.value))
  }
  if (operation === 'remove' && value === undefined) return ok([])
  const named = readIds(value)
  if (!named.ok) return named
  if (operation === 'remove') return ok(members.filter((id) => !named.value.has(id)))
  const next = operation === 'add' ? new Set([...members, ...named.value]) : named.value
  if (next.size > MAX_MEMBERS) return invalid('invalidValue', `a group must have ${MAX_MEMBERS} members at most`)
  return ok([...next].sort())
}

function readIds(value: JsonValue | undefined): Result<ReadonlySet<string>, ScimFault> {
  const ids = new Set<string>()
  for (const one of listed(value)) {
    const members = readMembers('members', one)
    if (!members.ok) return members
    const id = readName('members.value', members.value.get('value'))
    if (!id.ok) return id
    ids.add(id.value)
  }
  return ok(ids)
}
