import { claimAt, claimSteps, claimTestSchema, compileClaimTest, isTextList } from '../claim-path.ts'
import { shown, shownList, textTestFault, textTestWords } from '../text-test.ts'
import { CANNOT_TELL, defineCondition } from './condition.ts'

/** Holds when the claim, or one element of its list, does; an absent claim or one of another type cannot be told. */
export const claim = defineCondition({
  name: 'claim',
  schema: claimTestSchema,
  check: (written) => {
    const fault = textTestFault(written)
    return fault ? [{ path: [], code: 'incomplete', message: `\`claim\` ${fault}` }] : []
  },
  compile: (written) => {
    const test = compileClaimTest(written)
    return ({ principal }) => test(principal.claims)
  },
  want: (written) => `${shown(written.path)} ${textTestWords(written)}`,
  got: ({ principal }, { path }) => {
    const value = claimAt(principal.claims, claimSteps(path))
    return value === undefined ? CANNOT_TELL : isTextList(value) ? shownList(value) : shown(value)
  },
})
