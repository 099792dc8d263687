import { texts } from '../../schema/parts.ts'
import { shown, shownList } from '../text-test.ts'
import { yesOrNo } from '../three-valued.ts'
import { CANNOT_TELL, defineCondition } from './condition.ts'

/** Holds when the upstream that will serve the request is in one of these regions; one without a region cannot be told. */
export const region = defineCondition({
  name: 'region',
  schema: texts('the regions in which the upstream may be'),
  compile: (written) => {
    const accepted = new Set(written)
    return ({ upstream }) => (upstream?.region === undefined ? 'unknown' : yesOrNo(accepted.has(upstream.region)))
  },
  want: (written) => `one of ${shownList(written)}`,
  got: ({ upstream }) => (upstream?.region === undefined ? CANNOT_TELL : shown(upstream.region)),
})
