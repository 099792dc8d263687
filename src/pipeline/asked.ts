import type { AuditAsked } from '../model/audit.ts'
import type { RequestFacts } from '../model/request.ts'

/** Names of one kind that an event has room for; with more, the event says that it leaves them out. */
const MAX_NAMES = 32
const MAX_CHARACTERS = 1024

/** What a path takes for the id of an object. */
const ID = /^[A-Za-z0-9._:-]{1,256}$/

const PLAIN: AuditAsked = Object.freeze({})
const UNINSPECTED: AuditAsked = Object.freeze({ inspected: false })

/**
 * What a request asks for beside its model, as far as the policy may speak of it, so that its decision can be made again,
 * and the stored objects that it names.
 * Absent members are none; a list that is too long is named in `omitted`. Most requests share one object. `clear` takes
 * out of a text what looks like a credential.
 */
export function askedOf(facts: RequestFacts, project: string | undefined, clear: (text: string) => string): AuditAsked {
  const { maxOutputTokens, tools, input, urls, nestedModels, objects } = facts
  const lists = tools.functions.length + tools.hosted.length + urls.length + nestedModels.length + objects.length
  const isBare =
    lists === 0 && project === undefined && !input.images && !input.files && !input.audio && !facts.storedSettings
  if (facts.isUninspected && isBare) return UNINSPECTED
  if (isBare) return maxOutputTokens === undefined ? PLAIN : { maxOutputTokens }
  const asked: { -readonly [Key in keyof AuditAsked]: AuditAsked[Key] } = {}
  const omitted: string[] = []
  const listed = (key: 'functions' | 'hosted' | 'hosts' | 'models' | 'objects', names: readonly string[]) => {
    if (names.length === 0) return
    const clean = fits(names) ? names.map(clear) : null
    // A name that is blotted is another name: nobody could decide by it.
    if (clean === null || clean.some((name, index) => name !== names[index])) omitted.push(key)
    else asked[key] = names
  }
  if (maxOutputTokens !== undefined) asked.maxOutputTokens = maxOutputTokens
  listed('functions', tools.functions)
  listed('hosted', tools.hosted)
  listed('hosts', urls)
  listed('models', nestedModels)
  if (input.images) asked.images = true
  if (input.files) asked.files = true
  if (input.audio) asked.audio = true
  if (facts.storedSettings) asked.stored = true
  if (project !== undefined) {
    if (fits([project]) && clear(project) === project) asked.project = project
    else omitted.push('project')
  }
  const ids = [...new Set(objects.map(({ id }) => id))]
  // What is no id is prose, and no event tells content.
  if (ids.every((id) => ID.test(id))) listed('objects', ids)
  else omitted.push('objects')
  if (omitted.length > 0) asked.omitted = omitted
  if (facts.isUninspected) asked.inspected = false
  return asked
}

function fits(names: readonly string[]): boolean {
  if (names.length > MAX_NAMES) return false
  let characters = 0
  for (const { length } of names) characters += length
  return characters <= MAX_CHARACTERS
}
