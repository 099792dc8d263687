import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { berElement } from '../../../../src/identity/ldap/ber.ts'
import { MessageStream } from '../../../../src/identity/ldap/message-stream.ts'
import { LdapSession } from '../../../../src/identity/ldap/session.ts'
import { tlv } from '../../../support/ldap-server.ts'

/** A socket whose other end is the test. */
class Line extends Duplex {
  onWrite: (() => void) | null = null

  override _read(): void {}

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done()
    this.onWrite?.()
  }
}

function opened() {
  const line = new Line()
  const stream = new MessageStream(line as unknown as Socket)
  const messages: Buffer[] = []
  return { line, stream, messages }
}

const message = (id: number, ...content: readonly Buffer[]) => tlv(0x30, tlv(0x02, Buffer.from([id])), ...content)
const settle = () => new Promise((resolve) => setImmediate(resolve))

t.test('property: messages are the same wherever they are cut', async (t) => {
  const sizes = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 8 })
  const cuts = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 200 })
  await fc.assert(
    fc.asyncProperty(sizes, cuts, async (lengths, steps) => {
      const { line, stream, messages } = opened()
      stream.on('data', (one: Buffer) => messages.push(Buffer.from(one)))
      const sent = lengths.map((length, index) => message(index, tlv(0x73, tlv(0x04, Buffer.alloc(length, index)))))
      const bytes = Buffer.concat(sent)
      for (let at = 0, step = 0; at < bytes.length; step++) {
        const size = steps[step % steps.length] ?? 1
        line.push(bytes.subarray(at, at + size))
        at += size
      }
      await settle()
      await settle()
      return messages.length === sent.length && messages.every((one, index) => one.equals(sent[index] ?? one))
    }),
    { numRuns: 60 },
  )
  t.pass()
})

const RESULT = tlv(0x65, tlv(0x0a, Buffer.from([0])), tlv(0x04), tlv(0x04))
const GOOD = message(1, RESULT)
const CONTROL = tlv(0xa0, tlv(0x30, tlv(0x04, '1.2.3'), tlv(0x04, 'x')))

/** Parts that are not whole, and lists that do not end where they say. */
const unsound: readonly (readonly [string, string])[] = [
  ['no operation', message(1)],
  ['a number of five bytes', tlv(0x30, tlv(0x02, Buffer.alloc(5)), RESULT)],
  ['a request', message(1, tlv(0x60, tlv(0x02, Buffer.from([3]))))],
  ['a reference that is longer than its message', message(1, Buffer.from('73030405', 'hex'), Buffer.from('61', 'hex'))],
  ['a reference to a number', message(1, tlv(0x73, tlv(0x02, 'x')))],
  ['an entry without attributes', message(1, tlv(0x64, tlv(0x04, 'dn')))],
  ['an attribute without values', message(1, tlv(0x64, tlv(0x04, 'dn'), tlv(0x30, tlv(0x30, tlv(0x04, 'cn')))))],
  [
    'values that are cut',
    message(1, tlv(0x64, tlv(0x04, 'dn'), tlv(0x30, tlv(0x30, tlv(0x04, 'cn'), Buffer.from('310204', 'hex'))))),
  ],
  ['a result without a code', message(1, tlv(0x65, tlv(0x04), tlv(0x04)))],
  ['controls that are none', message(1, RESULT, tlv(0xa0, tlv(0x04, 'x')))],
  ['more behind the controls', message(1, RESULT, CONTROL, CONTROL)],
].map(([name, bytes]) => [String(name), (bytes as Buffer).toString('hex')])

t.test('what is no message ends the connection', async (t) => {
  for (const [name, hex] of [
    ['another tag', '3105'],
    ['a length without end', '3080'],
    ['a length of a length of five', '3085'],
    ['text', Buffer.from('HTTP/1.1').toString('hex')],
    ['behind a good one', `${GOOD.toString('hex')}ff00`],
    ...unsound,
  ] as const) {
    const { line, stream } = opened()
    stream.resume()
    line.push(Buffer.from(hex, 'hex'))
    await settle()
    t.ok(stream.destroyed && line.destroyed, name)
  }
  const { line, stream } = opened()
  stream.resume()
  line.push(GOOD)
  await settle()
  t.notOk(stream.destroyed, 'the twin: a good one')
})

t.test('heads of elements', async (t) => {
  const at = (hex: string) => berElement(Buffer.from(hex, 'hex'), 0)
  t.same(at('3003'), { tag: 0x30, start: 2, end: 5 })
  t.same(at('308103'), { tag: 0x30, start: 3, end: 6 })
  t.same(at('3084000000ff'), { tag: 0x30, start: 6, end: 261 })
  t.same(at('3084ffffffff'), { tag: 0x30, start: 6, end: 6 + 0xffffffff }, 'never negative')
  for (const hex of ['', '30', '3082', '308200']) t.equal(at(hex), undefined, `${hex}: not there yet`)
  for (const hex of ['3080', '3085']) t.equal(at(hex), null, hex)
})

const ENTRY = tlv(
  0x64,
  tlv(0x04, 'uid=alice,dc=x'),
  tlv(0x30, tlv(0x30, tlv(0x04, 'cn'), tlv(0x31, tlv(0x04, 'alice')))),
)

/** The first message of a client has the number 2. */
const ANSWER = Buffer.concat([message(2, ENTRY), message(2, tlv(0x73, tlv(0x04, 'ldap://x'))), message(2, RESULT)])
const filter = { kind: 'present', attribute: 'objectClass' } as const

async function searched(answer: Buffer): Promise<string> {
  const { line, stream } = opened()
  const session = new LdapSession(stream, 20)
  let isAnswered = false
  line.onWrite = () => {
    if (isAnswered) return
    isAnswered = true
    line.push(answer)
  }
  const outcome = await session.search({ base: 'dc=x', scope: 'sub', filter, attributes: ['cn'] })
  session.close()
  return outcome.ok ? `${outcome.value.length} entries` : outcome.fault.kind
}

t.test('property: an answer that is broken anywhere is a failure and nothing worse', async (t) => {
  t.equal(await searched(ANSWER), '1 entries', 'the twin')
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(ANSWER.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      fc.nat(ANSWER.length),
      async (changes, length) => {
        const bytes = Buffer.from(ANSWER)
        for (const [at, byte] of changes) bytes[at] = byte
        return /^(?:\d entries|lost|late|refused)$/.test(await searched(bytes.subarray(0, length)))
      },
    ),
    { numRuns: 300 },
  )
})

t.test('a flood of tiny messages is read one after the other', async (t) => {
  const tiny = message(2, tlv(0x73, tlv(0x04, 'x')))
  const flood = Buffer.concat([...Array.from({ length: 60_000 }, () => tiny), message(2, RESULT)])
  t.equal(await searched(flood), '0 entries')
})

t.test('a connection that has ended is never opened again', async (t) => {
  const { line, stream } = opened()
  const session = new LdapSession(stream, 200)
  let writes = 0
  line.onWrite = () => {
    if (++writes === 1) line.push(message(2, tlv(0x61, tlv(0x0a, Buffer.from([0])), tlv(0x04), tlv(0x04))))
  }
  t.match(await session.bind('cn=search,dc=x', 'x'), { ok: true })
  line.destroy()
  await settle()
  t.notOk(session.isOpen)
  t.match(await session.bind('uid=alice,dc=x', 'x'), { ok: false, fault: { kind: 'lost' } })
  t.match(await session.search({ base: '', scope: 'base', filter, attributes: [] }), { fault: { kind: 'lost' } })
  t.equal(writes, 1, 'nothing was sent')
})

t.test('nobody is bound without a name or a password, or by a mechanism', async (t) => {
  const { line, stream } = opened()
  let writes = 0
  line.onWrite = () => void writes++
  const session = new LdapSession(stream, 50)
  for (const [dn, password] of [
    ['cn=x', ''],
    ['', 'x'],
    ['PLAIN', 'x'],
    ['EXTERNAL', 'x'],
  ] as const) {
    await t.rejects(session.bind(dn, password), `${dn}:${password}`)
  }
  t.equal(writes, 0)
})
