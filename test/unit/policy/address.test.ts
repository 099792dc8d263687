import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import t from 'tap'
import { addressReader, contains, readAddress, readNetwork } from '../../../src/policy/address.ts'

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
