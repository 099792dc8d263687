import { Type } from 'typebox'
import { closed } from '../../schema/parts.ts'
import { compileTextTest, shown, textTestFault, textTestKeys, textTestWords } from '../text-test.ts'
import { yesOrNo } from '../three-valued.ts'
import { CANNOT_TELL, type ConditionFault, defineCondition } from './condition.ts'

/** Headers that carry credentials: a rule on them would put secrets into policies and explanations. */
const SECRET_HEADERS = ['authorization', 'proxy-authorization', 'cookie', 'x-api-key', 'api-key']

/** Holds when a header of the request does; an absent header, or one sent more than once, cannot be told. */
export const header = defineCondition({
  name: 'header',
  schema: closed('a header of the request, and what it must say; anybody can send any header', {
    name: Type.String({
      pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
      maxLength: 256,
      description: 'the name of the header, in any case',
      patternErrorMessage: 'the name of a header',
    }),
    ...textTestKeys,
  }),
  check: (written) => {
    const found: ConditionFault[] = []
    const fault = textTestFault(written)
    if (fault) found.push({ path: [], code: 'incomplete', message: `\`header\` ${fault}` })
    if (SECRET_HEADERS.includes(written.name.toLowerCase())) {
      const message = 'this header carries a credential, which no policy may speak of; use `claim`, `method` or roles'
      found.push({ path: ['name'], code: 'secret_header', message })
    }
    return found
  },
  compile: (written) => {
    const name = written.name.toLowerCase()
    const holds = compileTextTest(written)
    return (input) => {
      const value = input.header(name)
      return value === undefined ? 'unknown' : yesOrNo(holds(value))
    }
  },
  want: (written) => `${written.name.toLowerCase()} ${textTestWords(written)}`,
  got: (input, { name }) => {
    const value = input.header(name.toLowerCase())
    return value === undefined ? CANNOT_TELL : shown(value)
  },
})
