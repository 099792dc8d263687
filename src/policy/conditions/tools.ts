import { Type } from 'typebox'
import { compilePattern } from '../../model/pattern.ts'
import { text } from '../../schema/parts.ts'
import { shown } from '../text-test.ts'
import { yesOrNo } from '../three-valued.ts'
import { defineCondition } from './condition.ts'

const names = (what: string) =>
  Type.Optional(
    Type.Array(text('a name or pattern'), {
      uniqueItems: true,
      description: `${what}: each one of the request must match one of these; an empty list means none`,
    }),
  )

/** Holds when every tool of the request matches a pattern of its kind; a kind that is left out is not limited. */
export const tools = defineCondition({
  name: 'tools',
  schema: Type.Object(
    { functions: names('functions'), hosted: names('tools that the provider runs') },
    { additionalProperties: false, minProperties: 1, description: 'the tools that the request may offer to the model' },
  ),
  compile: (written) => {
    const functions = everyMatches(written.functions)
    const hosted = everyMatches(written.hosted)
    return ({ tools: asked }) => yesOrNo(functions(asked.functions) && hosted(asked.hosted))
  },
  want: (written) => shown(written),
  got: ({ tools: asked }) => shown({ functions: [...asked.functions], hosted: [...asked.hosted] }),
})

function everyMatches(patterns: readonly string[] | undefined): (asked: readonly string[]) => boolean {
  if (patterns === undefined) return () => true
  const tests = patterns.map(compilePattern)
  return (asked) => asked.every((name) => tests.some((test) => test(name)))
}
