import { texts } from '../../schema/parts.ts'
import { shown, shownList } from '../text-test.ts'
import { yesOrNo } from '../three-valued.ts'
import { CANNOT_TELL, defineCondition } from './condition.ts'

/** Holds when the credential's `acr` is one of the list; a credential without one cannot be told. */
export const acr = defineCondition({
  name: 'acr',
  schema: texts('the authentication contexts of which the credential must show one'),
  compile: (written) => {
    const accepted = new Set(written)
    return ({ principal }) => (principal.acr === undefined ? 'unknown' : yesOrNo(accepted.has(principal.acr)))
  },
  want: (written) => `one of ${shownList(written)}`,
  got: ({ principal }) => (principal.acr === undefined ? CANNOT_TELL : shown(principal.acr)),
})
