import { Type } from 'typebox'
import { closed, text, texts } from '../schema/parts.ts'
import { testSchema } from './described-schema.ts'

const anything = (description: string) => Type.Unknown({ description })
/** Facts of any type: whether a policy can tell them is what a case may be about. */
const fact = Type.Optional(anything('as a line of `policy explain --batch` has it'))
const entry = closed('one request, and what is expected of the policy for it', {
  name: text('what it shows, as a sentence'),
  expect: testSchema.properties.expect,
  as: fact,
  request: fact,
  at: fact,
  ip: fact,
  upstream: fact,
})
const entries = (description: string) => Type.Array(entry, { minItems: 1, description })

/** A file of cases, which stand beside policies. The requests themselves are read when they are run. */
export const caseSchema = closed('cases: requests, what is expected of them, and the policy that they are asked of', {
  policy: Type.Optional(anything('a policy of its own; that of the config when left out')),
  upstreams: Type.Optional(
    Type.Array(
      closed('an upstream', {
        name: text('its name'),
        models: Type.Optional(texts('names and patterns; every model when left out')),
        region: Type.Optional(text('its region')),
        labels: Type.Optional(Type.Record(Type.String(), text('the value of a label'), { description: 'its labels' })),
      }),
      { description: 'those of the config when left out, and none beside a policy of its own' },
    ),
  ),
  requests: Type.Optional(entries('cases whose `expect` says all of the rule and of what is not met')),
  tests: Type.Optional(entries('cases as the `tests` of a policy')),
})
