import t from 'tap'
import { answerOfSound, type CallOffer, offerOfSound } from '../../../src/shape/call-offer.ts'
import { answerTo, OFFERS, sdpOf } from '../../support/sdp-offers.ts'

function offered(text: string): CallOffer {
  const offer = offerOfSound(text)
  if (!offer.ok) throw new Error(offer.fault.message)
  return offer.value
}

const linesOf = (text: string) => text.split('\r\n').slice(0, -1)
const mediaOf = (text: string) => linesOf(text).filter((line) => line.startsWith('m='))
const AUDIO = 'm=audio 9 UDP/TLS/RTP/SAVPF 111 63'
const EVENTS = 'm=application 0 UDP/DTLS/SCTP webrtc-datachannel'

const taken: readonly (readonly [name: string, lines: readonly string[], media: readonly string[], group: string])[] = [
  ['of a browser', OFFERS.chrome, [AUDIO, EVENTS], '0'],
  ['with its fingerprint above all media', OFFERS.firefox, [AUDIO, EVENTS], '0'],
  ['with the data channel first', OFFERS.eventsFirst, [EVENTS, AUDIO], '0'],
  ['with a picture', OFFERS.picture, [AUDIO, EVENTS, 'm=video 0 UDP/TLS/RTP/SAVPF 96'], '0'],
  ['of sound alone', OFFERS.soundAlone, [AUDIO], '0'],
]

t.test('an offer goes on with its sound, and without everything else', async (t) => {
  for (const [name, lines, media, group] of taken) {
    const offer = offered(sdpOf(lines))
    t.same(mediaOf(offer.text), [AUDIO], name)
    t.same(mediaOf(answerOfSound(answerTo(offer.text), offer) ?? ''), media, `${name}: the rest is answered as refused`)
    t.same(
      linesOf(offer.text).filter((line) => line.startsWith('a=group:')),
      [`a=group:BUNDLE ${group}`],
      name,
    )
    t.same(offered(sdpOf(lines, '\n')), offer, `${name}, with other ends of lines`)
    t.equal(offered(offer.text).text, offer.text, `${name}, once more`)
    t.notMatch(offer.text, /application|video|sctp|max-message-size|VP8/i, name)
  }
})

t.test('of the sound nothing is lost that is known', async (t) => {
  t.equal(offered(sdpOf(OFFERS.soundAlone)).text, sdpOf(OFFERS.soundAlone))
  const more = [...OFFERS.soundAlone, 'a=dcmap:0', 'a=bundle-only', 'a=crypto:1 x', 'a=MID:7']
  t.equal(offered(sdpOf(more)).text, sdpOf(OFFERS.soundAlone), 'and what is not known is left out')
})

const chrome = sdpOf(OFFERS.chrome)
const changed = (from: string | RegExp, to: string) => chrome.replace(from, to)
const refused: readonly (readonly [name: string, text: string, message: RegExp])[] = [
  ['nothing', '', /RFC 8866/],
  ['a text', 'hello', /RFC 8866/],
  ['an empty line', changed('s=-', 's=-\r\n'), /RFC 8866/],
  ['two ends of lines', changed('s=-\r\n', 's=-\n'), /RFC 8866/],
  ['a line that ends in the middle', changed('s=-', 's=-\r'), /RFC 8866/],
  ['a zero', changed('s=-', 's=\0'), /RFC 8866/],
  ['a tab, where some see a space', changed('BUNDLE 0 1', 'BUNDLE\t1 0'), /RFC 8866/],
  ['a letter that is none', changed('s=-', 's=\u00e9'), /RFC 8866/],
  ['a capital type', changed('m=application', 'M=application'), /RFC 8866/],
  ['a space before a type', changed('m=application', ' m=application'), /RFC 8866/],
  ['two spaces', changed('m=application 9', 'm=application  9'), /RFC 8866/],
  ['a capital medium', changed('m=application', 'm=Application'), /RFC 8866/],
  ['a port that is none', changed('m=application 9', 'm=application 09'), /RFC 8866/],
  ['a port too large', changed('m=application 9', 'm=application 65536'), /RFC 8866/],
  ['two ports', changed('m=application 9', 'm=application 9/2'), /RFC 8866/],
  ['another version', changed('v=0', 'v=1'), /RFC 8866/],
  ['no time', changed('t=0 0\r\n', ''), /RFC 8866/],
  ['lines out of order', changed('s=-\r\nt=0 0', 't=0 0\r\ns=-'), /RFC 8866/],
  ['a name twice', changed('a=mid:1', 'a=mid:0'), /RFC 8866/],
  ['two names', changed('a=mid:1', 'a=mid:1\r\na=mid:2'), /RFC 8866/],
  ['a name that is none', changed('a=mid:1', 'a=mid:1 2'), /RFC 8866/],
  ['a group of what is not there', changed('BUNDLE 0 1', 'BUNDLE 0 7'), /RFC 8866/],
  ['a group with one twice', changed('BUNDLE 0 1', 'BUNDLE 0 0'), /RFC 8866/],
  ['more than anybody offers', chrome + 'a=sendrecv\r\n'.repeat(1024), /RFC 8866/],
  ['no sound', sdpOf(OFFERS.eventsAlone), /no audio/],
  ['sound that is refused', changed('m=audio 9', 'm=audio 0'), /no audio/],
  ['sound that is not secured', changed('UDP/TLS/RTP/SAVPF 111', 'RTP/AVP 111'), /no audio/],
  ['sound on the transport of the data channel', sdpOf(OFFERS.resting), /add the track first/],
]

t.test('an offer that could be read in two ways, or has no sound of its own, is refused', async (t) => {
  for (const [name, text, message] of refused) {
    const offer = offerOfSound(text)
    t.match(offer, { ok: false, fault: { code: 'invalid_body', param: 'sdp', message } }, name)
  }
  t.ok(offerOfSound(chrome).ok, 'and the one that they were made of is taken')
})

t.test('an answer takes the sound alone', async (t) => {
  const offer = offered(sdpOf(OFFERS.chrome))
  const answer = answerTo(offer.text)
  const rest = [EVENTS, 'c=IN IP4 0.0.0.0', 'a=mid:1']
  t.equal(answerOfSound(answer, offer), answer + sdpOf(rest), 'and the client hears that the rest is refused')
  t.match(answerOfSound(answer.replace('m=audio 9', 'm=audio 0'), offer), /^m=audio 0 /m, 'or nothing')
  const alone = offered(sdpOf(OFFERS.soundAlone))
  t.equal(answerOfSound(sdpOf(linesOf(answer), '\n'), alone), sdpOf(linesOf(answer), '\n'), 'as it is, if that is all')
  const wrong: readonly (readonly [name: string, text: string])[] = [
    ['nothing', ''],
    ['a data channel after all', `${answer}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n`],
    ['a data channel that is refused, and was not offered', answer + sdpOf(rest)],
    ['a data channel in the bundle', answer.replace('BUNDLE 0', 'BUNDLE 0 1')],
    ['a medium less', answer.slice(0, answer.indexOf('m=audio')).replace('BUNDLE 0', 'BUNDLE')],
    ['a medium more', answer + answer.slice(answer.indexOf('m=audio')).replace('a=mid:0', 'a=mid:3')],
    ['another medium', answer.replace('m=audio', 'm=application')],
    ['another name', answer.replace('a=mid:0', 'a=mid:1').replace('BUNDLE 0', 'BUNDLE 1')],
    ['sound that is not secured', answer.replace('UDP/TLS/RTP/SAVPF 111', 'RTP/AVP 111')],
    ['what cannot be read', answer.replace('s=-', 's=-\n')],
  ]
  for (const [name, text] of wrong) t.equal(answerOfSound(text, offer), null, name)
})
