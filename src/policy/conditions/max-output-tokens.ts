import { Type } from 'typebox'
import { closed } from '../../schema/parts.ts'
import { yesOrNo } from '../three-valued.ts'
import { CANNOT_TELL, defineCondition } from './condition.ts'

/** Holds when the request asks for at most so many output tokens; one that does not say cannot be told. */
export const maxOutputTokens = defineCondition({
  name: 'max_output_tokens',
  schema: closed('how many output tokens the request may ask for', {
    at_most: Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: 'the most tokens that it may ask for' }),
  }),
  compile:
    ({ at_most: most }) =>
    ({ maxOutputTokens: asked }) =>
      asked === undefined ? 'unknown' : yesOrNo(asked <= most),
  want: ({ at_most: most }) => `at most ${most}`,
  got: ({ maxOutputTokens: asked }) => (asked === undefined ? CANNOT_TELL : String(asked)),
})
