import { Type } from 'typebox'
import type { Match } from '../../model/match.ts'
import { sizeBytes } from '../../model/units.ts'
import { size } from '../../schema/parts.ts'
import { both, yesOrNo } from '../three-valued.ts'
import { CANNOT_TELL, defineCondition } from './condition.ts'

const kind = (what: string) => Type.Optional(Type.Boolean({ description: `true asks for ${what}, false for none` }))

/**
 * Holds when the input is as small as `max_bytes` says and has, or has not, images, files and audio. Something stored may
 * bring more of each: then only what the request itself has too much of, or of what is asked for, can be told.
 */
export const input = defineCondition({
  name: 'input',
  schema: Type.Object(
    {
      max_bytes: Type.Optional(size('the largest body')),
      images: kind('images'),
      files: kind('files'),
      audio: kind('audio'),
    },
    { additionalProperties: false, minProperties: 1, description: 'what the request carries' },
  ),
  compile: (written) => {
    const maxBytes = written.max_bytes === undefined ? null : sizeBytes(written.max_bytes)
    return ({ input: { bytes, images, files, audio }, storedSettings: areMore }) => {
      const kinds = both(
        has(written.images, images, areMore),
        both(has(written.files, files, areMore), has(written.audio, audio, areMore)),
      )
      if (maxBytes === null) return kinds
      if (bytes === undefined) return both(kinds, 'unknown')
      return both(kinds, bytes > maxBytes ? 'no' : areMore === true ? 'unknown' : 'yes')
    }
  },
  want: ({ max_bytes: most, ...kinds }) =>
    [...(most === undefined ? [] : [`at most ${most}`]), ...words(kinds)].join(', '),
  got: ({ input: { bytes, ...kinds } }) =>
    [bytes === undefined ? `size ${CANNOT_TELL}` : `${bytes} bytes`, ...words(kinds)].join(', '),
})

const KINDS = ['images', 'files', 'audio'] as const

/** A kind of which nothing is said is left out. */
function words(kinds: { readonly [Kind in (typeof KINDS)[number]]?: boolean | undefined }): string[] {
  return KINDS.flatMap((kind) => (kinds[kind] === undefined ? [] : [kinds[kind] ? kind : `no ${kind}`]))
}

/** What is there is there; of what is not, something stored could bring some. */
function has(wanted: boolean | undefined, is: boolean, areMore: boolean | undefined): Match {
  if (wanted === undefined) return 'yes'
  return !is && areMore === true ? 'unknown' : yesOrNo(is === wanted)
}
