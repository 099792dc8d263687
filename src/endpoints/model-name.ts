const MAX_NAME = 256

/**
 * Says what keeps a text from being a model's name, or null. A name is compared code point by code point, so what
 * cannot be seen in it (controls, format characters, half surrogates, padding) is refused rather than normalised.
 */
export function modelNameProblem(name: string): string | null {
  if (name === '') return 'must not be empty'
  if (name.length > MAX_NAME) return `must be at most ${MAX_NAME} characters`
  // Gateways take what follows for other models, and for settings that name one.
  if (name.includes(',')) return 'must be the name of one model, without a comma'
  if (/.@preset\//is.test(name)) return 'must not name a preset behind a model'
  if (/^[\x21-\x7e]+$/.test(name)) return null
  if (!name.isWellFormed()) return 'must be well-formed Unicode'
  if (name.trim() !== name) return 'must not begin or end with space'
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(name)) return 'must not contain control or invisible characters'
  return null
}

/** True for a name behind which a gateway (OpenRouter) is told to search the web, as by a tool. */
export function searchesWeb(name: string): boolean {
  return name.includes(':') && /.:online(?:$|:)/is.test(name)
}
