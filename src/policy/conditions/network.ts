import { addressReader, contains, type Network, readNetwork } from '../../model/address.ts'
import { texts } from '../../schema/parts.ts'
import { shown, shownList } from '../text-test.ts'
import { yesOrNo } from '../three-valued.ts'
import { CANNOT_TELL, defineCondition } from './condition.ts'

/** Every rule with this condition is asked about the address of the same request. */
const lastAddress = addressReader()

/** Holds when the client's address is in one of the ranges; an IPv4-mapped IPv6 address is its IPv4 address. */
export const network = defineCondition({
  name: 'network',
  schema: texts('addresses and CIDR ranges; the client must be in one of them'),
  check: (written) =>
    written.flatMap((range, index) =>
      readNetwork(range) ? [] : [{ path: [index], code: 'invalid_network', message: FORM }],
    ),
  compile: (written) => {
    const ranges = written.map(readNetwork).filter((range): range is Network => range !== null)
    return ({ ip }) => {
      const address = ip === undefined ? null : lastAddress(ip)
      return address === null ? 'unknown' : yesOrNo(ranges.some((range) => contains(range, address)))
    }
  },
  want: (written) => `in ${shownList(written)}`,
  got: ({ ip }) => (ip === undefined ? CANNOT_TELL : shown(ip)),
})

const FORM = 'must be an address or a CIDR range such as `10.0.0.0/8` or `2001:db8::/32`'
