import { Type } from 'typebox'
import type { Match } from '../../model/match.ts'
import { closed, text } from '../../schema/parts.ts'
import { shown } from '../text-test.ts'
import { both, yesOrNo } from '../three-valued.ts'
import { CANNOT_TELL, defineCondition } from './condition.ts'

/** Holds when the upstream that will serve the request has every one of these labels; an absent one cannot be told. */
export const upstream = defineCondition({
  name: 'upstream',
  schema: closed('the upstream that will serve the request', {
    labels: Type.Record(Type.String(), text('the value of the label'), {
      minProperties: 1,
      description: 'labels that it must have, with these values',
    }),
  }),
  compile: ({ labels }) => {
    const wanted = Object.entries(labels)
    return (input) => {
      const has = input.upstream?.labels ?? {}
      let match: Match = 'yes'
      for (const [name, value] of wanted) {
        match = both(match, Object.hasOwn(has, name) ? yesOrNo(has[name] === value) : 'unknown')
      }
      return match
    }
  },
  want: ({ labels }) => words(labels),
  got: ({ upstream: asked }) => (asked ? words(asked.labels) : CANNOT_TELL),
})

function words(labels: { readonly [name: string]: string }): string {
  const said = Object.entries(labels).map(([name, value]) => `${shown(name)} ${shown(value)}`)
  return `labels ${said.length === 0 ? 'none' : said.join(', ')}`
}
