import type { LdapSettings } from '../../model/identity-settings.ts'
import { chained, filled, type LdapFilter, type LdapTemplate, namesIn } from '../../model/ldap-filter.ts'
import { normalName } from '../../model/ldap-name.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { firstBytes, firstText, type LdapEntry, textsOf } from './entry.ts'
import type { DirectoryFault, SearchFailure } from './fault.ts'
import type { SearchQuestion } from './session.ts'

/** Members of members: LDAP_MATCHING_RULE_IN_CHAIN (MS-ADTS section 3.1.1.3.4.4.3). */
const IN_CHAIN = '1.2.840.113556.1.4.1941'
/** What Active Directory says that it is (MS-ADTS section 3.1.1.3.4.3); Samba says so, too. */
const ACTIVE_DIRECTORY = '1.2.840.113556.1.4.800'
/** Of one person. */
const MAX_GROUPS = 2000
const MAX_LEVELS = 32
/** Groups whose groups are asked for at once. */
const AT_ONCE = 32

const HIDDEN: ReadonlySet<SearchFailure> = new Set(['base_missing', 'search_refused'])

type Search = (question: SearchQuestion) => Promise<Result<readonly LdapEntry[], DirectoryFault>>
type Found = Map<string, LdapEntry>

/**
 * Reads the groups of a person: those that the filter finds, the primary group of Active Directory, and, where nested groups
 * count, the groups that those are in. Each group is asked for once, whatever circles there are. More groups, or levels of
 * them, than there may be are *cannot tell*, as are groups for which the person lacks what the filter asks for.
 */
export class GroupReader {
  /** Of the user's entry, needed to find the groups. */
  readonly attributes: readonly string[]
  readonly #settings: LdapSettings
  readonly #template: LdapTemplate
  readonly #chained: LdapTemplate | null
  readonly #search: Search
  #mode: LdapSettings['nestedGroups']

  constructor(settings: LdapSettings, template: LdapTemplate, search: Search) {
    this.#settings = settings
    this.#template = template
    this.#chained = chained(template, 'dn', IN_CHAIN)
    this.#search = search
    this.#mode = settings.nestedGroups
    this.attributes = [...namesIn(template), 'objectSid', 'primaryGroupID'].filter((name) => name !== 'dn')
  }

  async read(person: LdapEntry): Promise<Result<readonly string[] | undefined, DirectoryFault>> {
    const groups = await this.#read(person)
    const isTooMany = !groups.ok && 'failure' in groups.fault && groups.fault.failure === 'too_many'
    return isTooMany ? ok(undefined) : groups
  }

  async #read(person: LdapEntry): Promise<Result<readonly string[] | undefined, DirectoryFault>> {
    const mode = await this.#modeNow()
    if (!mode.ok) return mode
    const chain = mode.value === 'ad' ? this.#chained : null
    const direct = filled(chain ?? this.#template, (name) => placeValue(person, name))
    if (direct === null) return ok(undefined)
    const found: Found = new Map()
    const first = await this.#ask([direct], found)
    if (!first.ok) return first
    const primary = primaryGroup(person)
    const second = await this.#ask(primary === null ? [] : [primary], found)
    if (!second.ok) return second
    if (chain !== null) {
      const above = await this.#ask(asked(second.value, chain), found)
      if (!above.ok) return above
    } else if (mode.value !== 'off') {
      const whole = await this.#climb([...first.value, ...second.value], found)
      if (!whole.ok) return whole
      if (!whole.value) return ok(undefined)
    }
    return ok(found.size > MAX_GROUPS ? undefined : this.#namesOf(found.values()))
  }

  /** Level by level, from groups to the groups that they are in. False where there is no end of it within the bounds. */
  async #climb(from: readonly LdapEntry[], found: Found): Promise<Result<boolean, DirectoryFault>> {
    let level = from
    for (let depth = 0; level.length > 0; depth++) {
      if (found.size > MAX_GROUPS || depth >= MAX_LEVELS) return ok(false)
      const next = await this.#ask(asked(level, this.#template), found)
      if (!next.ok) return next
      level = next.value
    }
    return ok(true)
  }

  /** Asks for all of it, some at a time, and answers what had not been found before. */
  async #ask(filters: readonly LdapFilter[], found: Found): Promise<Result<readonly LdapEntry[], DirectoryFault>> {
    const { groupBase, claims } = this.#settings
    const attributes = claims.groups.filter((name) => name !== 'dn')
    const fresh: LdapEntry[] = []
    for (let at = 0; at < filters.length; at += AT_ONCE) {
      const of = filters.slice(at, at + AT_ONCE)
      const [only, second] = of
      const filter: LdapFilter = only !== undefined && second === undefined ? only : { kind: 'or', of }
      const entries = await this.#search({
        base: groupBase,
        scope: 'sub',
        filter,
        attributes: attributes.length === 0 ? ['1.1'] : attributes,
        most: MAX_GROUPS,
      })
      if (!entries.ok) return entries
      for (const entry of entries.value) {
        const dn = normalName(entry.dn)
        if (dn === null) return failed({ failure: 'answer_refused' })
        if (found.has(dn)) continue
        found.set(dn, entry)
        fresh.push(entry)
      }
    }
    return ok(fresh)
  }

  /** What the directory says that it can; asked until it has answered once. */
  async #modeNow(): Promise<Result<LdapSettings['nestedGroups'], DirectoryFault>> {
    if (this.#mode !== 'detect') return ok(this.#mode)
    const root = await this.#search({
      base: '',
      scope: 'base',
      filter: { kind: 'present', attribute: 'objectClass' },
      attributes: ['supportedCapabilities'],
    })
    // A directory may show this to nobody: then it is asked like any other.
    const isHidden = !root.ok && 'failure' in root.fault && HIDDEN.has(root.fault.failure)
    if (!root.ok && !isHidden) return root
    const entry = root.ok ? root.value[0] : undefined
    const isActiveDirectory = entry !== undefined && textsOf(entry, 'supportedCapabilities').includes(ACTIVE_DIRECTORY)
    this.#mode = isActiveDirectory && this.#chained !== null ? 'ad' : 'walk'
    return ok(this.#mode)
  }

  #namesOf(groups: Iterable<LdapEntry>): readonly string[] {
    const names = new Set<string>()
    for (const group of groups) {
      for (const attribute of this.#settings.claims.groups) {
        if (attribute === 'dn') names.add(normalName(group.dn) ?? '')
        else for (const name of textsOf(group, attribute)) names.add(name)
      }
    }
    return [...names]
  }
}

/** Filters for the groups that these are in, where the template asks for members by their names. */
function asked(groups: readonly LdapEntry[], template: LdapTemplate): LdapFilter[] {
  return groups
    .map(({ dn }) => filled(template, (name) => (name === 'dn' ? dn : undefined)))
    .filter((filter) => filter !== null)
}

/** Of an attribute with several values none is the one. */
function placeValue(person: LdapEntry, name: string): string | undefined {
  if (name === 'dn') return person.dn
  const [value, second] = textsOf(person, name)
  return second === undefined ? value : undefined
}

/**
 * Active Directory lists nobody in the group that is primary: it is named by the last part of its SID, the rest of which it
 * shares with its users (MS-DTYP section 2.4.2.2).
 */
function primaryGroup(person: LdapEntry): LdapFilter | null {
  const sid = firstBytes(person, 'objectSid')
  const relative = firstText(person, 'primaryGroupID')
  if (sid === undefined || relative === undefined || !/^[0-9]{1,9}$/.test(relative)) return null
  if (sid.length < 12 || sid.length !== 8 + 4 * (sid[1] ?? 0)) return null
  const group = Buffer.from(sid)
  group.writeUInt32LE(Number(relative), group.length - 4)
  return { kind: 'compare', by: '=', attribute: 'objectSid', value: group }
}
