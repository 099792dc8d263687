import { isDeepStrictEqual } from 'node:util'
import { unreachable } from '../../model/exhaustive.ts'
import type { ScimSettings } from '../../model/identity-settings.ts'
import type { JsonObject } from '../../model/json.ts'
import type { Result } from '../../model/result.ts'
import type { Deprovisioner, ScimBy, ScimNote, ScimStore } from '../../model/scim.ts'
import { answered, faultAnswer, notFound, type ScimAnswer, type ScimFault } from './answers.ts'
import { filled, patched } from './fill.ts'
import type { Kind, Versioned } from './kind.ts'
import { type ListQuery, type Shown, showing } from './query.ts'

/** What one request works with. Everything rejects where the store, or what follows, is not to be had. */
export interface ScimWork {
  readonly settings: Pick<ScimSettings, 'source' | 'match'>
  readonly store: ScimStore
  readonly end: Deprovisioner
  readonly by: ScimBy
  /** Epoch milliseconds. */
  readonly now: number
  readonly newId: () => string
}

/** Of two who change one resource at once, each is tried again so often. */
const MAX_TRIES = 8

const taken: ScimFault = { status: 409, scimType: 'uniqueness', detail: 'another resource has this name' }
const strangers: ScimFault = { status: 400, scimType: 'invalidValue', detail: 'a member is no user that is known here' }
const outdated: ScimFault = { status: 412, detail: 'the resource was changed since: read it again' }
const contended: ScimFault = { status: 503, detail: 'others are changing this resource: try again' }

/** One kind of resources, as RFC 7644 section 3 has it. */
export class Resources<Stored extends Versioned, Filter, Fields> {
  readonly #kind: Kind<Stored, Filter, Fields>

  constructor(kind: Kind<Stored, Filter, Fields>) {
    this.#kind = kind
  }

  async create(document: JsonObject, shown: Shown, work: ScimWork): Promise<ScimAnswer> {
    const fields = filled(this.#kind, null, document)
    if (!fields.ok) return faultAnswer(fields.fault)
    if (await this.#isTaken(fields.value, null, work)) return faultAnswer(taken)
    await this.#follow(null, fields.value, work)
    const times = { createdAt: work.now, changedAt: work.now }
    const made = this.#kind.storedOf(fields.value, { id: work.newId(), version: 1, ...times })
    const outcome = await this.#kind.kept(work.store).create(made, this.#note(null, fields.value, made.id, work))
    if (outcome !== 'created') return faultAnswer(outcome === 'taken' ? taken : strangers)
    return this.#told(201, made, shown)
  }

  async get(id: string, shown: Shown, { store }: ScimWork): Promise<ScimAnswer> {
    const stored = await this.#kind.kept(store).find(id)
    return stored === undefined ? faultAnswer(notFound) : this.#told(200, stored, shown)
  }

  async list({ filter, from, count, shown }: ListQuery, { store }: ScimWork): Promise<ScimAnswer> {
    const { filters, maxPage } = this.#kind
    const key = filter === null ? undefined : Object.hasOwn(filters, filter.attribute) && filters[filter.attribute]
    if (key === false || (filter !== null && typeof filter.value !== 'string')) {
      const names = Object.values(filters).map(String).join('`, `').replace('display', 'displayName')
      const detail = `a filter must be \`ATTRIBUTE eq "…"\` with one of \`${names}\``
      return faultAnswer({ status: 400, scimType: 'invalidFilter', detail })
    }
    // INVARIANT: the members of every filter are texts.
    const asked = (key === undefined ? {} : { [key]: filter?.value }) as Filter
    const page = { from: from - 1, most: Math.min(count ?? maxPage, maxPage) }
    const { total, found } = await this.#kind.kept(store).list(asked, page)
    return answered(200, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: total,
      startIndex: from,
      itemsPerPage: found.length,
      Resources: found.map((stored) => showing(this.#document(stored), shown)),
    })
  }

  replace(id: string, document: JsonObject, ifMatch: string | undefined, shown: Shown, work: ScimWork) {
    return this.#change(id, (before) => filled(this.#kind, before, document), ifMatch, shown, work)
  }

  patch(id: string, document: JsonObject, ifMatch: string | undefined, shown: Shown, work: ScimWork) {
    return this.#change(id, (before) => patched(this.#kind, before, document), ifMatch, shown, work)
  }

  async remove(id: string, ifMatch: string | undefined, work: ScimWork): Promise<ScimAnswer> {
    const stored = await this.#kind.kept(work.store).find(id)
    if (stored === undefined) return faultAnswer(notFound)
    if (!isMatch(ifMatch, stored)) return faultAnswer(outdated)
    const before = this.#kind.fieldsOf(stored)
    await this.#follow(before, null, work)
    const isRemoved = await this.#kind.kept(work.store).remove(id, work.now, this.#note(before, null, id, work))
    return isRemoved ? answered(204, null) : faultAnswer(notFound)
  }

  async #change(
    id: string,
    change: (before: Fields) => Result<Fields, ScimFault>,
    ifMatch: string | undefined,
    shown: Shown,
    work: ScimWork,
  ): Promise<ScimAnswer> {
    const kept = this.#kind.kept(work.store)
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const stored = await kept.find(id)
      if (stored === undefined) return faultAnswer(notFound)
      if (!isMatch(ifMatch, stored)) return faultAnswer(outdated)
      const before = this.#kind.fieldsOf(stored)
      const after = change(before)
      if (!after.ok) return faultAnswer(after.fault)
      if (isDeepStrictEqual(before, after.value)) return this.#told(200, stored, shown)
      if (await this.#isTaken(after.value, id, work)) return faultAnswer(taken)
      await this.#follow(before, after.value, work)
      const times = { createdAt: stored.createdAt, changedAt: Math.max(work.now, stored.changedAt) }
      const next = this.#kind.storedOf(after.value, { id, version: stored.version + 1, ...times })
      const outcome = await kept.replace(next, this.#note(before, after.value, id, work))
      if (outcome === 'replaced') return this.#told(200, next, shown)
      if (outcome === 'taken') return faultAnswer(taken)
      if (outcome === 'unknown' && (await kept.find(id)) !== undefined) return faultAnswer(strangers)
    }
    return faultAnswer(contended, { 'retry-after': '1' })
  }

  /** Asked before anything follows from a change: one that comes to nothing must end nobody. */
  async #isTaken(fields: Fields, id: string | null, { store }: ScimWork): Promise<boolean> {
    const { found } = await this.#kind.kept(store).list(this.#kind.unique(fields), { from: 0, most: 1 })
    return found.some((other) => other.id !== id)
  }

  /**
   * INVARIANT: before the change is written. Where it fails nothing is written, and the provider asks again; the other way
   * round somebody would stand there as disabled and go on.
   */
  async #follow(before: Fields | null, after: Fields | null, { settings, end, by }: ScimWork): Promise<void> {
    for (const { kind, id } of this.#kind.consequences(before, after, settings.match)) {
      switch (kind) {
        case 'disabled':
          await end.disabled(id, by)
          break
        case 'enabled':
          await end.enabled(id, by)
          break
        case 'removed':
          await end.removed(id, by)
          break
        default:
          unreachable(kind)
      }
    }
  }

  #note(before: Fields | null, after: Fields | null, id: string, { settings, by }: ScimWork): ScimNote {
    const [old, own] = [before, after].map((fields) => fields as { readonly [name: string]: unknown } | null)
    const differing = Object.keys(old && own ? own : {}).filter((name) => !isDeepStrictEqual(old?.[name], own?.[name]))
    const what = differing.length === 0 ? {} : { what: differing }
    return { action: this.#kind.action(before, after), source: settings.source, detail: { id, ...what }, by }
  }

  #told(status: 200 | 201, stored: Stored, shown: Shown): ScimAnswer {
    const headers = { etag: etagOf(stored), location: this.#locationOf(stored) }
    return answered(status, showing(this.#document(stored), shown), headers)
  }

  #document(stored: Stored): JsonObject {
    const { type } = this.#kind
    return {
      schemas: [`urn:ietf:params:scim:schemas:core:2.0:${type}`],
      id: stored.id,
      ...this.#kind.document(stored),
      meta: {
        resourceType: type,
        created: new Date(stored.createdAt).toISOString(),
        lastModified: new Date(stored.changedAt).toISOString(),
        location: this.#locationOf(stored),
        version: etagOf(stored),
      },
    }
  }

  /** Without a host: what stands before the proxy knows it, and a request could name any. */
  #locationOf({ id }: Stored): string {
    return `/scim/v2/${this.#kind.type}s/${id}`
  }
}

function etagOf({ version }: Versioned): string {
  return `W/"${version}"`
}

/** RFC 7644 section 3.14: versions are weak, and compared as such. */
function isMatch(ifMatch: string | undefined, stored: Versioned): boolean {
  if (ifMatch === undefined || ifMatch.trim() === '*') return true
  const own = etagOf(stored).slice(2)
  return ifMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === own)
}
