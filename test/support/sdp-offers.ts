/** Offers as browsers and libraries write them, each with sound and a data channel; lines alone, without their ends. */
const CANDIDATE = 'candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host generation 0'
const PRINT =
  'a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB'
const ICE = ['a=ice-ufrag:Uf1g', 'a=ice-pwd:0123456789abcdefghijklmn']
const HEAD = ['v=0', 'o=- 4611731400430051336 2 IN IP4 127.0.0.1', 's=-', 't=0 0']
const CODECS = ['a=rtcp-mux', 'a=rtpmap:111 opus/48000/2', 'a=rtcp-fb:111 transport-cc', 'a=fmtp:111 useinbandfec=1']

const SOUND = [
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 63',
  ...['c=IN IP4 0.0.0.0', 'a=rtcp:9 IN IP4 0.0.0.0', `a=${CANDIDATE}`],
  ...[...ICE, PRINT, 'a=setup:actpass', 'a=mid:0', 'a=sendrecv', 'a=msid:- track'],
  ...CODECS,
]
const EVENTS = [
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  ...['c=IN IP4 0.0.0.0', ...ICE, PRINT, 'a=setup:actpass', 'a=mid:1', 'a=sctp-port:5000', 'a=max-message-size:262144'],
]
const PICTURE = [
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  ...['c=IN IP4 0.0.0.0', ...ICE, PRINT, 'a=setup:actpass', 'a=mid:2', 'a=sendrecv', 'a=rtpmap:96 VP8/90000'],
]
const GROUPS = (...mids: readonly number[]) => [`a=group:BUNDLE ${mids.join(' ')}`, 'a=msid-semantic: WMS']
const OWN = (line: string) => !line.startsWith('a=ice-') && !line.startsWith('a=fingerprint')

export const OFFERS = {
  chrome: [...HEAD, ...GROUPS(0, 1), ...SOUND, ...EVENTS],
  firefox: [
    ...[...HEAD, PRINT, ...GROUPS(0, 1), 'a=ice-options:trickle'],
    ...SOUND.filter((line) => line !== PRINT),
    ...EVENTS.filter((line) => line !== PRINT),
  ],
  eventsFirst: [...HEAD, ...GROUPS(1, 0), ...EVENTS, ...SOUND],
  picture: [...HEAD, ...GROUPS(0, 1, 2), ...SOUND, ...EVENTS, ...PICTURE],
  resting: [...HEAD, ...GROUPS(1, 0), ...EVENTS, ...SOUND.filter(OWN)],
  soundAlone: [...HEAD, ...GROUPS(0), ...SOUND],
  eventsAlone: [...HEAD, ...GROUPS(1), ...EVENTS],
} as const

/** Lines as they are sent. */
export function sdpOf(lines: readonly string[], end = '\r\n'): string {
  return lines.map((line) => line + end).join('')
}

/** What an upstream answers that takes the sound. */
export function answerTo(offer: string): string {
  return offer.replaceAll('a=setup:actpass', 'a=setup:active')
}
