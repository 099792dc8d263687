import type { ObjectReference } from '../../model/objects.ts'
import type { RequestFacts } from '../../model/request.ts'
import { bringsSettings } from '../object-keys.ts'

/** Items of one session that are known, and items of the client's that wait to be. The latest ones. */
const MAX_ITEMS = 4096
const MAX_EXPECTED = 64
const MAX_ID = 256

/** Keys that may name an item where they stand in something else: an `id` that stands for the item, and answers to one. */
const OF_ITEMS: ReadonlySet<string> = new Set(['item_id', 'previous_item_id', 'approval_request_id'])

/**
 * Items that are the session's own: those that its upstream told of. What the client says proves nothing, for it could
 * write any id; but once the upstream has told of an item by an id that the client gave, the id is that of the item. A
 * reference to any other one could be to something that is stored. So could one to an item that was deleted, by an id that
 * its client gave it: such an id is none of the session's any more, whatever is told of it later.
 */
export class OwnItems {
  readonly #told = new Set<string>()
  readonly #expected = new Set<string>()
  readonly #removed = new Set<string>()

  /** The client makes an item by this id, and the upstream has not told of it. */
  expect(id: string): void {
    if (!this.#told.has(id) && !this.#removed.has(id)) keep(this.#expected, id, MAX_EXPECTED)
  }

  /** The upstream tells of an item. True where it was expected. */
  tell(id: string): boolean {
    if (!this.#removed.has(id)) keep(this.#told, id, MAX_ITEMS)
    return this.#expected.delete(id)
  }

  /** The client deletes an item, or the upstream tells that one was. */
  remove(id: string): void {
    this.#told.delete(id)
    this.#expected.delete(id)
    keep(this.#removed, id, MAX_ITEMS)
  }

  /** Whether one of the objects could be an item that the upstream is about to tell of. */
  mayStillBeOwn({ objects }: RequestFacts): boolean {
    return objects.some((object) => isOfItem(object) && this.#expected.has(object.id))
  }

  /** Without references to the session's own items: these open nothing, and bring nothing that was not judged already. */
  without(facts: RequestFacts): RequestFacts {
    const objects = facts.objects.filter((object) => !(isOfItem(object) && this.#told.has(object.id)))
    if (objects.length === facts.objects.length) return facts
    return { ...facts, objects, storedSettings: objects.some(({ key, kind }) => bringsSettings(key, kind)) }
  }
}

function isOfItem({ key, kind }: ObjectReference): boolean {
  return kind === 'item' || OF_ITEMS.has(key)
}

function keep(ids: Set<string>, id: string, most: number): void {
  if (id === '' || id.length > MAX_ID) return
  ids.delete(id)
  ids.add(id)
  const [oldest] = ids
  if (ids.size > most && oldest !== undefined) ids.delete(oldest)
}
