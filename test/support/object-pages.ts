import { isJsonObject, type JsonObject } from '../../src/model/json.ts'

const MAX = 100

/** The page of a list that a query asks for. */
export function pageOf(listed: readonly JsonObject[], options: URLSearchParams): JsonObject {
  const all = listed.filter(
    (one) => hasPairs(one, options) && ['name', 'purpose'].every((key) => has(one, key, options)),
  )
  if (options.get('order') === 'desc') all.reverse()
  const limit = Math.min(Number(options.get('limit') ?? 20), MAX)
  const at = (cursor: string) => all.findIndex(({ id }) => id === options.get(cursor))
  const before = at('before')
  const from = before === -1 ? at('after') + 1 : Math.max(0, before - limit)
  const to = before === -1 ? from + limit : before
  return page(all.slice(from, to), before === -1 ? all.length > to : from > 0)
}

function has(one: JsonObject, key: string, options: URLSearchParams): boolean {
  return !options.has(key) || one[key] === options.get(key)
}

/** What a list is narrowed to by pairs of metadata. */
function hasPairs({ metadata }: JsonObject, options: URLSearchParams): boolean {
  return [...options].every(([key, value]) => {
    const name = /^metadata\[(.*)\]$/.exec(key)?.[1]
    return name === undefined || (isJsonObject(metadata) && metadata[name] === value)
  })
}

export function page(data: readonly JsonObject[], more: boolean): JsonObject {
  const [first, last] = [data[0], data.at(-1)].map((one) => one?.id ?? null)
  return { object: 'list', data, first_id: first ?? null, last_id: last ?? null, has_more: more }
}

/** What the form of a file says of it. */
export function fileOf(form: string): JsonObject {
  const filename = /; filename="([^"]*)"/.exec(form)?.[1]
  const purpose = /name="purpose"\r\n\r\n(.*)\r\n/.exec(form)?.[1]
  return { ...(filename === undefined ? {} : { filename }), ...(purpose === undefined ? {} : { purpose }) }
}
