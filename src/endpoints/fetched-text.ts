/** Schemes whose host needs no two slashes to some readers, and to whom a backslash is a slash. */
const SPECIAL: ReadonlySet<string> = new Set(['http', 'https', 'ws', 'wss', 'ftp'])
const MAX_SCHEME = 16

/**
 * True for a text that something that fetches could take for an absolute URL, whatever readers are known to forgive:
 * controls and space before it, of any number; `<` and `URL:`; tabs and line ends inside the scheme; and for web schemes
 * backslashes, and fewer than two slashes (prose goes on with a space after such a word).
 *
 * Does not look at: texts without a scheme (`//host`, `host:80`), which are URLs only where one is expected. By hand: a
 * regular expression for this takes the square of the space, or longer. Source: WHATWG URL section 4.4, urllib, curl.
 */
export function looksFetched(text: string): boolean {
  const start = beforeScheme(text)
  let at = start
  for (let letters = 0; letters <= MAX_SCHEME; at++) {
    const code = text.charCodeAt(at)
    if (isDropped(code)) continue
    if (!(isLetter(code) || (letters > 0 && isInScheme(code)))) break
    letters++
  }
  if (text.charCodeAt(at) !== 58) return false
  const scheme = text
    .slice(start, at)
    .replace(/[\t\n\r]/g, '')
    .toLowerCase()
  return scheme.length > 1 && scheme.length <= MAX_SCHEME && namesHost(text, at + 1, scheme)
}

/** Whether a host could follow the colon before `from`. */
function namesHost(text: string, from: number, scheme: string): boolean {
  const isSpecial = SPECIAL.has(scheme)
  const isFile = scheme === 'file'
  let slashes = 0
  let at = from
  for (; slashes < 2; at++) {
    const code = text.charCodeAt(at)
    if (isDropped(code)) continue
    if (code !== 47 && !(code === 92 && (isSpecial || isFile))) break
    slashes++
  }
  if (slashes === 2) return true
  if (isFile) return slashes === 1
  return isSpecial && at < text.length && !isBlank(text, at)
}

function beforeScheme(text: string): number {
  let at = afterBlanks(text, 0)
  if (text.charCodeAt(at) === 60) at = afterBlanks(text, at + 1)
  const code = text.charCodeAt(at) | 32
  return code === 117 && text.slice(at, at + 4).toLowerCase() === 'url:' ? afterBlanks(text, at + 4) : at
}

function afterBlanks(text: string, from: number): number {
  let at = from
  while (at < text.length && isBlank(text, at)) at++
  return at
}

function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code <= 32 || code === 127 || (code > 127 && /[\p{Cc}\p{Cf}\p{Z}]/u.test(text.charAt(at)))
}

function isDropped(code: number): boolean {
  return code === 9 || code === 10 || code === 13
}

function isLetter(code: number): boolean {
  return (code | 32) >= 97 && (code | 32) <= 122
}

/** Digits, `+`, `-` and `.`, beside letters. */
function isInScheme(code: number): boolean {
  return (code >= 48 && code <= 57) || code === 43 || code === 45 || code === 46
}

/** What stands before the host: longer names of users are none. */
const MAX_USER = 64
const MAX_HOST = 253

/** The host of `git@host:path`, which git and ssh read as a place to connect to; null for every other text. */
export function hostOfRemote(text: string): string | null {
  const at = text.indexOf('@')
  if (at < 1 || at > MAX_USER) return null
  const colon = text.indexOf(':', at)
  if (colon <= at + 1 || colon - at > MAX_HOST + 1 || colon === text.length - 1) return null
  if (!/^[A-Za-z0-9_.-]+$/.test(text.slice(0, at))) return null
  const host = text.slice(at + 1, colon)
  return /[\s/@]/.test(host) || isBlank(text, colon + 1) ? null : host
}
