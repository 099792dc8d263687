import { Type } from 'typebox'
import { everyOne } from '../every-one.ts'
import { shownList } from '../text-test.ts'
import { defineCondition } from './condition.ts'

/**
 * Holds when every host that the request names in a URL matches one of these; an empty list means none. An allow
 * without this condition grants no host, either, as far as the request itself names it. A deny without it is not limited
 * by it. What something stored brings cannot be told, unless every host is granted.
 */
export const urls = defineCondition({
  name: 'urls',
  schema: Type.Array(
    Type.String({
      pattern: '^[a-z0-9_.*:-]+$',
      maxLength: 256,
      description: 'a host or pattern, lower case, without scheme and port',
      patternErrorMessage: 'a host in lower case such as `files.example.org` or `*.cdn.example`',
    }),
    {
      uniqueItems: true,
      description: 'the hosts that URLs of the request may name; none unless granted, and an empty list grants none',
    },
  ),
  compile: (written) => {
    const every = everyOne(written)
    return ({ urls: hosts, storedSettings }) => every(hosts, storedSettings)
  },
  want: (written) => (written.length === 0 ? 'no hosts' : `hosts ${shownList(written)}`),
  got: ({ urls: hosts }) => `hosts ${shownList(hosts)}`,
})
