/** One line `type=value` of a description. */
export interface SdpLine {
  readonly type: string
  readonly value: string
}

/** One `m=` section, with its lines after the first one. */
export interface SdpSection {
  readonly media: string
  /** 0 where the medium is refused, unless it is `a=bundle-only`. */
  readonly port: number
  readonly protocol: string
  readonly formats: string
  /** By which groups name it; null where it has no name. */
  readonly mid: string | null
  readonly lines: readonly SdpLine[]
}

/** A session description (RFC 8866), read strictly: what two readers could take for two things is none. */
export interface Sdp {
  /** What stands before the first `m=`. */
  readonly lines: readonly SdpLine[]
  readonly sections: readonly SdpSection[]
}

/** A description as browsers write it has about 6 KB. */
const MAX_CHARS = 65_536
const MAX_LINES = 1024
const MAX_SECTIONS = 16

const LINE = /^([a-z])=([\x20-\x7e]*)$/
const MEDIUM = /^([a-z]+) (0|[1-9]\d{0,4}) ([A-Za-z0-9/]+) (\S+(?: \S+)*)$/
const MID = /^mid:([!#$%&'*+.^_`{|}~0-9A-Za-z-]{1,64})$/
/** Lines before the first medium, in the order of RFC 8866 section 5; of a `t` there may be more than one. */
const SESSION_TYPES = 'vosiuepcbtrzka'
const MEDIA_TYPES = 'icbka'
const OFTEN = 'eptrba'
const NEEDED = ['v', 'o', 's', 't'] as const

/** Null for whatever is not plainly one: other line ends, an empty line, lines out of order, a name that stands twice. */
export function readSdp(text: string): Sdp | null {
  if (text.length > MAX_CHARS) return null
  const lines = linesOf(text)
  if (lines === null) return null
  const starts = lines.flatMap(({ type }, at) => (type === 'm' ? [at] : []))
  if (starts.length > MAX_SECTIONS) return null
  const session = lines.slice(0, starts[0] ?? lines.length)
  if (!inOrder(session, SESSION_TYPES) || !NEEDED.every((type) => session.some((line) => line.type === type)))
    return null
  if (session[0]?.value !== '0') return null
  const sections = starts.map((from, at) => sectionOf(lines.slice(from, starts[at + 1] ?? lines.length)))
  if (!sections.every((section) => section !== null)) return null
  const mids = sections.flatMap(({ mid }) => (mid === null ? [] : [mid]))
  return new Set(mids).size === mids.length ? { lines: session, sections } : null
}

export function writeSdp({ lines, sections }: Sdp): string {
  const media = sections.flatMap(({ media, port, protocol, formats, lines }) => [
    { type: 'm', value: `${media} ${port} ${protocol} ${formats}` },
    ...lines,
  ])
  return [...lines, ...media].map(({ type, value }) => `${type}=${value}\r\n`).join('')
}

/** The name of an attribute: `mid` of `a=mid:0`. Null for lines that are none. */
export function attributeOf({ type, value }: SdpLine): string | null {
  if (type !== 'a') return null
  const colon = value.indexOf(':')
  return colon === -1 ? value : value.slice(0, colon)
}

/** All lines end alike, with CR LF or with LF; the last one may have no end. */
function linesOf(text: string): readonly SdpLine[] | null {
  const end = text.includes('\r') ? '\r\n' : '\n'
  const written = (text.endsWith(end) ? text.slice(0, -end.length) : text).split(end)
  if (written.length > MAX_LINES) return null
  const lines: SdpLine[] = []
  for (const line of written) {
    const [, type, value] = LINE.exec(line) ?? []
    if (type === undefined || value === undefined) return null
    lines.push({ type, value })
  }
  return lines
}

function inOrder(lines: readonly SdpLine[], types: string): boolean {
  let last = -1
  for (const { type } of lines) {
    const at = types.indexOf(type)
    // Of several times each may have its own repetitions: `t`, `r`, `t`.
    const isNextTime = type === 't' && types[last] === 'r'
    if (at === -1 || (at < last && !isNextTime) || (at === last && !OFTEN.includes(type))) return false
    last = at
  }
  return true
}

function sectionOf([first, ...lines]: readonly SdpLine[]): SdpSection | null {
  const [, media, port, protocol, formats] = MEDIUM.exec(first?.value ?? '') ?? []
  if (media === undefined || protocol === undefined || formats === undefined || Number(port) > 65_535) return null
  const mids = lines.filter((line) => attributeOf(line) === 'mid')
  const mid = mids[0] === undefined ? null : (MID.exec(mids[0].value)?.[1] ?? undefined)
  if (mids.length > 1 || mid === undefined || !inOrder(lines, MEDIA_TYPES)) return null
  return { media, port: Number(port), protocol, formats, mid, lines }
}
