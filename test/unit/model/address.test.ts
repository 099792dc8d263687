import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import t from 'tap'
import { addressReader, contains, readAddress, readNetwork } from '../../../src/model/address.ts'

t.test('addresses and ranges are read as a library reads them', async (t) => {
  const groups = fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 })
  fc.assert(
    fc.property(groups, groups, fc.nat(128), fc.boolean(), (one, other, bits, isV4) => {
      const near = other.map((group, index) => (index * 16 < bits - 16 ? (one[index] ?? 0) : group))
      const text = (list: number[]) =>
        isV4
          ? list
              .slice(0, 4)
              .map((group) => group & 255)
              .join('.')
          : ipaddr.fromByteArray(list.flatMap((group) => [group >> 8, group & 255])).toString()
      const length = isV4 ? bits % 33 : bits
      const network = readNetwork(`${text(one)}/${length}`)
      const address = readAddress(text(near))
      const expected = ipaddr.parse(text(near)).match(ipaddr.parse(text(one)), length)
      if (!network || !address || contains(network, address) !== expected)
        throw new Error(`${text(one)}/${length} ${text(near)}`)
    }),
    { numRuns: 3000 },
  )
  const refused = [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '256.1.1.1',
    '0x1.2.3.4',
    '1:2:3',
    ':::',
    '1::2::3',
    'g::',
    '1:2:3:4:5:6:7:8:9',
    '::1.2.3',
    '1.2.3.4::',
    '12345::',
    '1.2.3.4:5',
    '::ffff:1.2.3.4:1',
  ]
  for (const text of refused) t.equal(readAddress(text), null, `\`${text}\` is no address`)
  for (const text of [
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/',
    '::/129',
    '::ffff:10.0.0.0/95',
    '10.0.0.0/8/8',
    '10.0.0.0 /8',
  ]) {
    t.equal(readNetwork(text), null, `\`${text}\` is no range`)
  }
})

t.test('a reader that remembers the last address answers for the one that is asked', async (t) => {
  const read = addressReader()
  for (const written of ['10.0.0.1', '10.0.0.1', '::1', 'x', 'x', '', '10.0.0.1', '']) {
    t.same(read(written), readAddress(written), written)
  }
})

const notations: readonly (readonly [written: string, groups: readonly number[] | null])[] = [
  ['1.2.3.4', [0x102, 0x304]],
  ['255.254.253.252', [0xfffe, 0xfdfc]],
  ['1::3:4:5:6:7:8', [1, 0, 3, 4, 5, 6, 7, 8]],
  ['1:2:3:4:5:6:7::', [1, 2, 3, 4, 5, 6, 7, 0]],
  ['1:2:3:4::5:6:7:8', null],
  ['64:ff9b::1.2.3.4', [0x64, 0xff9b, 0, 0, 0, 0, 0x102, 0x304]],
  ['::ffff:1.2.3.4', [0x102, 0x304]],
  ['1::ffff:1.2.3.4', [1, 0, 0, 0, 0, 0xffff, 0x102, 0x304]],
  ['::1:0:ffff:1.2.3.4', [0, 0, 0, 1, 0, 0xffff, 0x102, 0x304]],
  ['fe80::1%eth0', [0xfe80, 0, 0, 0, 0, 0, 0, 1]],
  ['%eth0', null],
]
for (const [written, groups] of notations) {
  t.test(`the address \`${written}\` is ${groups === null ? 'none' : groups.join(' ')}`, async (t) => {
    t.same(readAddress(written), groups)
  })
}

const ranges: readonly (readonly [written: string, network: ReturnType<typeof readNetwork>])[] = [
  ['10.0.0.0/8', { groups: [0xa00, 0], bits: 8 }],
  ['10.1.2.3', { groups: [0xa01, 0x203], bits: 32 }],
  ['::/0', { groups: [0, 0, 0, 0, 0, 0, 0, 0], bits: 0 }],
  ['::ffff:10.0.0.0/104', { groups: [0xa00, 0], bits: 8 }],
  ['::ffff:0.0.0.0/96', { groups: [0, 0], bits: 0 }],
  ['::ffff:0.0.0.0/95', null],
  ['1.2.3/8', null],
  ['1:2:3/8', null],
  ['fe80::1%eth0', null],
]
for (const [written, network] of ranges) {
  t.test(`the range \`${written}\` is ${network === null ? 'none' : JSON.stringify(network)}`, async (t) => {
    t.same(readNetwork(written), network)
  })
}
