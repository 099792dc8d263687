import type { Static } from 'typebox'
import type { Problem } from '../model/problem.ts'
import type { Settings } from '../model/settings.ts'
import type { Draft } from '../schema/draft.ts'
import { closed, texts } from '../schema/parts.ts'

/** Tokens that are bound to a key of their client (RFC 9449). */
export const dpopSchema = closed('tokens that come with a proof (DPoP); they are taken without this, too', {
  origins: texts('the origin of this proxy as its clients write it: `https://llm.example.org`'),
})
export type DpopConfig = Static<typeof dpopSchema>

/** An origin is written as browsers write it, so that it is compared as it stands. */
export function dpopProblems(written: Draft<DpopConfig> | undefined): Pick<Problem, 'path' | 'code' | 'message'>[] {
  return (written?.origins ?? []).flatMap((origin, index) => {
    const url = origin === undefined ? null : URL.parse(origin)
    if (origin === undefined || (url?.origin === origin && /^https?:$/.test(url.protocol))) return []
    const message = 'must be an origin such as `https://llm.example.org`: small letters, no path, no default port'
    return [{ path: ['identity', 'dpop', 'origins', index], code: 'invalid_url', message }]
  })
}

export function dpopSettings(written: DpopConfig | undefined): Pick<Settings, 'dpop'> {
  return written === undefined ? {} : { dpop: { origins: written.origins } }
}
