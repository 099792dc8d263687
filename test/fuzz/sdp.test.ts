import fc from 'fast-check'
import t from 'tap'
import { answerOfSound, offerOfSound } from '../../src/shape/call-offer.ts'
import { readSdp, writeSdp } from '../../src/shape/sdp.ts'
import { OFFERS, sdpOf } from '../support/sdp-offers.ts'
import { fuzz } from './budget.ts'

/** Whole lines that change what an offer means, and bits that change what a line is. */
const line = fc.constantFrom(
  ...Object.values(OFFERS).flat(),
  ...['m=application 9 TCP/DTLS/SCTP webrtc-datachannel', 'm=audio 0 UDP/TLS/RTP/SAVPF 0', 'a=bundle-only', 'a=mid:3'],
  ...[
    'a=group:BUNDLE 0 1 2 3',
    'a=group:LS 1',
    'a=group:',
    'a=group',
    'a=sctpmap:5000 x 1',
    'k=clear:x',
    'a=mid',
    'm=',
  ],
)
const bit = fc.constantFrom(
  '\r\n',
  '\n',
  '\r',
  ' ',
  '\t',
  '\0',
  '=',
  ':',
  '/',
  '9',
  'm',
  'm=application 9',
  'é',
  '\u2028',
)

const offer = fc
  .tuple(
    fc.constantFrom(...Object.values(OFFERS)),
    fc.array(fc.tuple(fc.nat(60), fc.nat(2), fc.array(line, { maxLength: 2 })), { maxLength: 3 }),
    fc.array(fc.tuple(fc.nat(1500), fc.nat(3), bit), { maxLength: 2 }),
    fc.constantFrom('\r\n', '\n'),
  )
  .map(([lines, lineEdits, bitEdits, end]) => {
    const edited = [...lines]
    for (const [at, gone, more] of lineEdits) edited.splice(at % edited.length, gone, ...more)
    const text = [...sdpOf(edited, end)]
    for (const [at, gone, more] of bitEdits) text.splice(at, gone, more)
    return text.join('')
  })

/** A reader that takes anything for a medium that somebody might: by what is sent alone, without our parser. */
function liberal(text: string) {
  const sections = text.split(/[\r\n\u2028\u2029\0]+\s*(?=m\s*=)/i).slice(1)
  return sections.map((section) => {
    const [, media = '', port = ''] = /^m\s*=\s*(\S*)\s+(\d+)/i.exec(section) ?? []
    return { media, port: Number(port), isBundled: /bundle-only/i.test(section), mid: /a=mid:(\S+)/.exec(section)?.[1] }
  })
}

t.test('whatever is offered, nothing but sound goes on', async (t) => {
  fuzz(
    t,
    fc.property(fc.oneof(offer, fc.string({ unit: 'binary' })), (text) => {
      const rewritten = offerOfSound(text)
      if (!rewritten.ok) return true
      const media = liberal(rewritten.value.text)
      const grouped = [...rewritten.value.text.matchAll(/^a=group:\S+ (.*)\r$/gm)].flatMap(([, mids = '']) =>
        mids.split(' '),
      )
      const again = offerOfSound(rewritten.value.text)
      return (
        media.every(({ port, media, isBundled }) => !isBundled && port > 0 && media === 'audio') &&
        grouped.every((mid) => media.some((one) => one.mid === mid)) &&
        !/^a=(?:sctp|max-message-size)/m.test(rewritten.value.text) &&
        media.length > 0 &&
        again.ok &&
        again.value.text === rewritten.value.text &&
        answerOfSound(rewritten.value.text, rewritten.value) !== null
      )
    }),
    0.5,
  )
})

t.test('what is read is what is written', async (t) => {
  fuzz(
    t,
    fc.property(offer, (text) => {
      const read = readSdp(text)
      const plain = text.replaceAll('\r\n', '\n').replace(/\n?$/, '\n')
      return read === null || writeSdp(read).replaceAll('\r\n', '\n') === plain
    }),
    0.25,
  )
})

t.test('no answer that takes another medium passes for one that does not', async (t) => {
  const offered = offerOfSound(sdpOf(OFFERS.picture))
  fuzz(
    t,
    fc.property(offer, (answer) => {
      const heard = offered.ok ? answerOfSound(answer, offered.value) : null
      if (heard === null) return offered.ok
      const media = liberal(heard)
      return media.length === 3 && media.every(({ port, media }) => port === 0 || media === 'audio')
    }),
    0.25,
    { examples: [[sdpOf(OFFERS.picture)], [offered.ok ? offered.value.text : '']] },
  )
})
