import { type Fault, fault } from '../model/fault.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { attributeOf, readSdp, type Sdp, type SdpLine, type SdpSection, writeSdp } from './sdp.ts'

/** An offer as it goes on, and which of its media may be answered. */
export interface CallOffer {
  readonly text: string
  readonly media: readonly { readonly media: string; readonly mid: string | null; readonly isKept: boolean }[]
}

/** Sound as browsers send it. Everything else is offered as refused, whatever its name. */
const AUDIO = 'audio'
const PROTOCOL = 'UDP/TLS/RTP/SAVPF'
const REFUSED_ADDRESS: SdpLine = { type: 'c', value: 'IN IP4 0.0.0.0' }

/** What a transport of its own needs, in the section or for all of them (RFC 8839 section 4.4, RFC 8842 section 5.2). */
const TRANSPORT = ['ice-ufrag', 'ice-pwd', 'fingerprint'] as const

const SESSION_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...['group', 'msid-semantic', 'extmap-allow-mixed', 'ice-options', 'ice-lite', 'setup', 'sendrecv'],
  ...['sendonly', 'recvonly', 'inactive', ...TRANSPORT],
])
const AUDIO_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...['mid', 'rtcp', 'rtcp-mux', 'rtcp-mux-only', 'rtcp-rsize', 'rtcp-fb', 'rtpmap', 'fmtp', 'extmap'],
  ...['extmap-allow-mixed', 'ptime', 'maxptime', 'msid', 'ssrc', 'ssrc-group', 'setup', 'sendrecv', 'sendonly'],
  ...['recvonly', 'inactive', 'ice-options', 'candidate', 'end-of-candidates', ...TRANSPORT],
])

/**
 * A client's offer with its sound alone: a data channel, and whatever else it has, is offered with port 0 and in no
 * group, so that events have no way but the one that the proxy reads. Written anew from what was read; attributes that
 * are not known are left out, for what they mean to the other side nobody here can tell.
 *
 * Faults: `invalid_body`. Source: RFC 8829 section 5.2.2 and RFC 9143 section 7: a section with port 0 is refused only
 * without `a=bundle-only`.
 */
export function offerOfSound(offer: string): Result<CallOffer, Fault> {
  const read = readSdp(offer)
  if (read === null || !areGroupsKnown(read)) return failed(unreadable)
  const sections = read.sections.map((section) => ({ section, isKept: isSound(section) }))
  if (!sections.some(({ isKept }) => isKept)) return failed(silent)
  if (!sections.every(({ section, isKept }) => !isKept || hasTransport(section, read))) {
    return failed(bundled)
  }
  const refused = new Set(sections.flatMap(({ section, isKept }) => (isKept ? [] : [section.mid])))
  const lines = read.lines.filter((line) => isNamed(line, SESSION_ATTRIBUTES)).flatMap((line) => without(line, refused))
  const text = writeSdp({
    lines,
    sections: sections.map(({ section, isKept }) => (isKept ? kept(section) : refusedSection(section))),
  })
  return ok({ text, media: sections.map(({ section: { media, mid }, isKept }) => ({ media, mid, isKept })) })
}

/** True for an answer that takes the sound alone: the same media in the same order, each that was refused still refused. */
export function answersOffer(answer: string, { media }: CallOffer): boolean {
  const read = readSdp(answer)
  if (read === null || !areGroupsKnown(read) || read.sections.length !== media.length) return false
  const grouped = new Set(read.lines.flatMap((line) => groupOf(line)?.slice(1) ?? []))
  return read.sections.every((section, at) => {
    const offered = media[at]
    if (offered === undefined || section.media !== offered.media) return false
    if (section.mid !== null && section.mid !== offered.mid) return false
    if (offered.isKept) return section.port === 0 || section.protocol === PROTOCOL
    return section.port === 0 && !isBundled(section) && (section.mid === null || !grouped.has(section.mid))
  })
}

/** With a transport of its own: what is only there in the bundle of another medium has a port of 0. */
function isSound(section: SdpSection): boolean {
  return section.media === AUDIO && section.protocol === PROTOCOL && section.port > 0
}

function hasTransport(section: SdpSection, { lines }: Sdp): boolean {
  return TRANSPORT.every((name) => [...section.lines, ...lines].some((line) => attributeOf(line) === name))
}

function kept(section: SdpSection): SdpSection {
  return { ...section, lines: section.lines.filter((line) => isNamed(line, AUDIO_ATTRIBUTES)) }
}

function refusedSection(section: SdpSection): SdpSection {
  const mid = section.lines.filter((line) => attributeOf(line) === 'mid')
  return { ...section, port: 0, lines: [REFUSED_ADDRESS, ...mid] }
}

/** Lines that are no attributes stay, but for a key, which is none of the proxy's business and out of use. */
function isNamed(line: SdpLine, names: ReadonlySet<string>): boolean {
  const name = attributeOf(line)
  return name === null ? line.type !== 'k' : names.has(name)
}

function isBundled({ lines }: SdpSection): boolean {
  return lines.some((line) => attributeOf(line) === 'bundle-only')
}

/** The words of a group: what it is for, and the names in it. Null for lines that are none. */
function groupOf(line: SdpLine): readonly string[] | null {
  return attributeOf(line) === 'group' ? line.value.slice('group:'.length).split(' ') : null
}

/** A group names media that there are, each of them once. */
function areGroupsKnown({ lines, sections }: Sdp): boolean {
  const mids = new Set(sections.map(({ mid }) => mid))
  return lines.every((line) => {
    const [, ...named] = groupOf(line) ?? []
    return named.every((mid) => mids.has(mid)) && new Set(named).size === named.length
  })
}

/** A group without those that are refused; none where nothing of it is left. */
function without(line: SdpLine, refused: ReadonlySet<string | null>): readonly SdpLine[] {
  const group = groupOf(line)
  if (group === null) return [line]
  const [purpose = '', ...named] = group
  const left = named.filter((mid) => !refused.has(mid))
  return left.length === 0 ? [] : [{ type: 'a', value: [`group:${purpose}`, ...left].join(' ') }]
}

const unreadable = offerFault('`sdp` must be an offer of a session as RFC 8866 has it')
const silent = offerFault('`sdp` offers no audio: a call has one `m=audio` of `UDP/TLS/RTP/SAVPF`, with a port')
const bundled = offerFault(
  'the audio of `sdp` rests on the transport of another medium: add the track first, then the data channel',
)

function offerFault(message: string): Fault {
  return fault('invalid_body', message, { param: 'sdp', reason: 'body_invalid' })
}
