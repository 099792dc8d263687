import type { ObjectReference } from '../model/objects.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { OpenId, Unopened } from './open-body.ts'

/** A field of a form: its name as it stands there, and its whole text. */
export interface FormField {
  readonly name: string
  readonly text: string
}

/** The last word of a field's name: `id` of `video[id]`, `file_id` of `file_id`. */
function wordOf(name: string): string {
  return name.split(/[[\]]+/).findLast((word) => word !== '') ?? ''
}

/** True for a field whose whole text is the id, under the key by which the facts name it. */
function holds({ name, text }: FormField, { key, id }: ObjectReference): boolean {
  const word = wordOf(name)
  return text === id && (key === word || key.endsWith(`.${word}`))
}

/**
 * The first object that a form names elsewhere than as the whole text of one field: within JSON, or in a field that stands
 * several times. It cannot be opened there. Null where there is none.
 */
export function strayObject(fields: readonly FormField[], noted: readonly ObjectReference[]): ObjectReference | null {
  return (
    noted.find((object) => {
      const found = fields.find((field) => holds(field, object))
      return found === undefined || fields.filter(({ name }) => name === found.name).length > 1
    }) ?? null
  )
}

/** The fields of a form with the ids in them opened, by their names. Fails with the first id that does not open. */
export function openForm(
  fields: readonly FormField[],
  noted: readonly ObjectReference[],
  open: OpenId,
): Result<ReadonlyMap<string, string>, Unopened> {
  const changes = new Map<string, string>()
  for (const object of noted) {
    const id = open(object.id)
    if (id === null) return failed({ key: object.key, id: object.id })
    for (const field of fields) if (holds(field, object)) changes.set(field.name, id)
  }
  return ok(changes)
}
