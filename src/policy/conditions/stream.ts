import { Type } from 'typebox'
import { yesOrNo } from '../three-valued.ts'
import { defineCondition } from './condition.ts'

/** Holds when the request asks for a stream, or with `false` when it does not. */
export const stream = defineCondition({
  name: 'stream',
  schema: Type.Boolean({ description: 'true asks for streamed requests, false for the others' }),
  compile:
    (written) =>
    ({ stream: asked }) =>
      yesOrNo(asked === written),
  want: (written) => (written ? 'a stream' : 'no stream'),
  got: ({ stream: asked }) => (asked ? 'a stream' : 'no stream'),
})
