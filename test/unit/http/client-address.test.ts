import t from 'tap'
import { canonicalAddress, clientAddresses } from '../../../src/http/client-address.ts'

const canonical: readonly (readonly [text: string | undefined, address: string | undefined])[] = [
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['::FFFF:cb00:7109', '203.0.113.9'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  [undefined, undefined],
  ['', undefined],
  ['unknown', undefined],
  ['203.0.113', undefined],
  ['3405803785', undefined],
  ['0313.0.0.1', undefined],
  ['0xcb.0.0.1', undefined],
  ['203.0.113.9:80', undefined],
  ['[2001:db8::1]', undefined],
  ['203.0.113.256', undefined],
]
for (const [text, address] of canonical) {
  t.test(`the one form of ${text}`, (t) => {
    t.equal(canonicalAddress(text), address)
    t.end()
  })
}

const PROXIES = ['10.0.0.0/8', '192.0.2.1', '2001:db8:1::/48']
type Row = readonly [
  name: string,
  trusted: readonly string[],
  peer: string | undefined,
  chain: string | undefined,
  ip: string | undefined,
  believed: boolean,
]
const rows: readonly Row[] = [
  ['nobody is trusted: the chain is not looked at', [], '10.0.0.1', '1.1.1.1', '10.0.0.1', false],
  ['a stranger sends a chain', PROXIES, '203.0.113.9', '1.1.1.1', '203.0.113.9', false],
  ['a trusted proxy tells its client', PROXIES, '10.0.0.1', '1.1.1.1', '1.1.1.1', true],
  ['a trusted proxy known as an IPv4-mapped address', PROXIES, '::ffff:10.0.0.1', '1.1.1.1', '1.1.1.1', true],
  ['a trusted single address', PROXIES, '192.0.2.1', '1.1.1.1', '1.1.1.1', true],
  ['its neighbour is not trusted', PROXIES, '192.0.2.2', '1.1.1.1', '192.0.2.2', false],
  ['a trusted IPv6 proxy', PROXIES, '2001:db8:1::5', '2001:db8:2::1', '2001:db8:2::1', true],
  ['a trusted proxy sends no chain', PROXIES, '10.0.0.1', undefined, '10.0.0.1', false],
  ['the client made up the start of the chain', PROXIES, '10.0.0.1', '9.9.9.9, 1.1.1.1', '1.1.1.1', true],
  ['two trusted hops', PROXIES, '10.0.0.1', '9.9.9.9, 1.1.1.1,10.0.0.2', '1.1.1.1', true],
  ['only trusted hops', PROXIES, '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3', true],
  ['an entry with a port', PROXIES, '10.0.0.1', '1.1.1.1:80', '1.1.1.1', true],
  ['an IPv6 entry with a port', PROXIES, '10.0.0.1', '[2001:db8:2::1]:80', '2001:db8:2::1', true],
  ['an IPv6 entry in brackets', PROXIES, '10.0.0.1', '[2001:DB8:2::1]', '2001:db8:2::1', true],
  ['the last entry is no address: nobody can tell', PROXIES, '10.0.0.1', '1.1.1.1, unknown', undefined, true],
  ['a quoted entry', PROXIES, '10.0.0.1', '"1.1.1.1"', undefined, true],
  ['an entry with half a port', PROXIES, '10.0.0.1', '1.1.1.1:', undefined, true],
  ['an entry behind a trusted hop is no address', PROXIES, '10.0.0.1', 'x, 10.0.0.2', undefined, true],
  ['an entry before the client’s own is no address', PROXIES, '10.0.0.1', 'x, 1.1.1.1', '1.1.1.1', true],
  ['an empty chain', PROXIES, '10.0.0.1', '', undefined, true],
  ['the peer is already gone', PROXIES, undefined, '1.1.1.1', undefined, false],
]
for (const [name, trusted, peer, chain, ip, believed] of rows) {
  t.test(name, (t) => {
    t.same(clientAddresses(trusted)(peer, chain), { ip, forwardedFor: believed ? chain : undefined })
    t.end()
  })
}
