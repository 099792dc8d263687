import { Type } from 'typebox'
import { METHODS } from '../../model/identity.ts'
import { word } from '../../schema/parts.ts'
import { shownList } from '../text-test.ts'
import { yesOrNo } from '../three-valued.ts'
import { CANNOT_TELL, defineCondition } from './condition.ts'

/** Holds when the caller was authenticated in one of these ways. */
export const method = defineCondition({
  name: 'method',
  schema: Type.Array(word('a way to authenticate', METHODS), {
    minItems: 1,
    uniqueItems: true,
    description: 'the ways in which the caller may have been authenticated',
  }),
  compile:
    (written) =>
    ({ principal }) =>
      principal.method === undefined ? 'unknown' : yesOrNo(written.includes(principal.method)),
  want: (written) => `one of ${shownList(written)}`,
  got: ({ principal }) => principal.method ?? CANNOT_TELL,
})
