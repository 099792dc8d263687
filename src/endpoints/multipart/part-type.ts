const MAX_TYPE = 256
const TOKEN = "[!#$&^_.+0-9A-Za-z'*`|~-]+"
const MEDIA_TYPE = new RegExp(`^(${TOKEN})/${TOKEN}((?:; *${TOKEN}=(?:${TOKEN}|"[^"\\\\]*"))*)$`)
const PARAMETER_NAMES = new RegExp(`; *(${TOKEN})=`, 'g')

/** Types of fields: what every reader takes for text as it stands. */
const TEXT_TYPE =
  /^(text\/plain|application\/json|application\/sdp)(?:; *charset=(?:utf-8|us-ascii|"utf-8"|"us-ascii"))?$/i

/**
 * True for a media type that a file may have. One of `multipart` or `message` is refused: readers that go into it find
 * files, or fields, which others do not. Source: RFC 7578 section 4.3, RFC 9110 section 8.3.1.
 */
export function isFileType(type: string): boolean {
  if (type.length > MAX_TYPE || /[^\x20-\x7e]/.test(type)) return false
  const [, kind, parameters = ''] = MEDIA_TYPE.exec(type) ?? []
  if (kind === undefined || /^(?:multipart|message)$/i.test(kind)) return false
  const names = [...parameters.matchAll(PARAMETER_NAMES)].map(([, name = '']) => name.toLowerCase())
  return new Set(names).size === names.length
}

/** The type that a field goes on with; null when it is none that a field may have. */
export function textType(type: string): string | null {
  return TEXT_TYPE.exec(type)?.[1]?.toLowerCase() ?? null
}
