import { Type } from 'typebox'
import type { Match } from '../../model/match.ts'
import { text } from '../../schema/parts.ts'
import { everyOne } from '../every-one.ts'
import { shownList } from '../text-test.ts'
import { both } from '../three-valued.ts'
import { defineCondition } from './condition.ts'

const names = (what: string) =>
  Type.Optional(
    Type.Array(text('a name or pattern'), {
      uniqueItems: true,
      description: `${what}: each one of the request must match one of these; an empty list means none`,
    }),
  )

/**
 * Holds when every tool of the request matches a pattern of its kind; a kind that is left out is not limited. What
 * something stored brings cannot be told, unless every name is granted.
 */
export const tools = defineCondition({
  name: 'tools',
  schema: Type.Object(
    { functions: names('functions'), hosted: names('tools that the provider runs') },
    { additionalProperties: false, minProperties: 1, description: 'the tools that the request may offer to the model' },
  ),
  compile: (written) => {
    const functions = everyMatches(written.functions)
    const hosted = everyMatches(written.hosted)
    return ({ tools: asked, storedSettings }) =>
      both(functions(asked.functions, storedSettings), hosted(asked.hosted, storedSettings))
  },
  want: words,
  got: ({ tools: asked }) => words(asked),
})

interface Kinds {
  readonly functions?: readonly string[] | undefined
  readonly hosted?: readonly string[] | undefined
}

/** A kind that is left out is not spoken of. */
function words({ functions, hosted }: Kinds): string {
  const said = [
    functions === undefined ? null : `functions ${shownList(functions)}`,
    hosted === undefined ? null : `hosted ${shownList(hosted)}`,
  ]
  return said.filter((part) => part !== null).join('; ')
}

type Asked = (names: readonly string[], areMore: boolean | undefined) => Match

function everyMatches(patterns: readonly string[] | undefined): Asked {
  return patterns === undefined ? () => 'yes' : everyOne(patterns)
}
