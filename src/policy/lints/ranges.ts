import { type Network, readNetwork } from '../../model/address.ts'

/** The ranges of lists that were read before: each is compared with many others. */
const known = new WeakMap<readonly string[], readonly Network[]>()

/** The ranges of a `network`; every one of a policy without errors can be read. */
export function rangesOf(written: readonly string[]): readonly Network[] {
  const before = known.get(written)
  if (before) return before
  const ranges = written.map(readNetwork).filter((range) => range !== null)
  known.set(written, ranges)
  return ranges
}
