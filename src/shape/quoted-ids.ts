/** The codes of the characters that ids are made of. */
const OF_ID = new Uint8Array(256)
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-') {
  OF_ID[character.charCodeAt(0)] = 1
}
const DOT = 46
const COLON = 58

/**
 * A text with each id that `sealedBy` has replaced by what stands there for it. Takes one pass over the text and some
 * look-ups for each run of an id's characters, so that many ids and a long text, both made for that, take no seconds.
 *
 * A run is an id; or it is one but for marks around it (`resp_1.`), or what stands between its colons is (`id:resp_1`), or
 * between the dots of that. An id that has a dot itself is not seen behind another dot.
 */
export function sealQuoted(text: string, sealedBy: ReadonlyMap<string, string>): string {
  let sealed = ''
  let copied = 0
  let index = 0
  while (index < text.length) {
    const from = index
    let hasMark = false
    for (; index < text.length; index++) {
      const code = text.charCodeAt(index)
      if (OF_ID[code] !== 1) break
      if (code === DOT || code === COLON) hasMark = true
    }
    if (index > from) {
      const run = text.slice(from, index)
      const put = sealedBy.get(run) ?? (hasMark ? sealRun(run, sealedBy) : run)
      if (put !== run) {
        sealed += text.slice(copied, from) + put
        copied = index
      }
    } else index++
  }
  return copied === 0 ? text : sealed + text.slice(copied)
}

function sealRun(run: string, sealedBy: ReadonlyMap<string, string>): string {
  return insideMarks(run, (inner) => sealedBy.get(inner) ?? sealParts(inner, ':', (part) => sealPart(part, sealedBy)))
}

/** What stands between colons. */
function sealPart(part: string, sealedBy: ReadonlyMap<string, string>): string {
  const whole = sealedBy.get(part)
  if (whole !== undefined || !part.includes('.')) return whole ?? part
  return insideMarks(part, (inner) => sealedBy.get(inner) ?? sealParts(inner, '.', (one) => sealedBy.get(one) ?? one))
}

function sealParts(text: string, divider: string, seal: (part: string) => string): string {
  return text.split(divider).map(seal).join(divider)
}

function insideMarks(text: string, seal: (inner: string) => string): string {
  let from = 0
  let to = text.length
  while (from < to && isMark(text, from)) from++
  while (to > from && isMark(text, to - 1)) to--
  return text.slice(0, from) + seal(text.slice(from, to)) + text.slice(to)
}

function isMark(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  return code === DOT || code === COLON
}
