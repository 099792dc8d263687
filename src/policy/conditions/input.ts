import { Type } from 'typebox'
import { sizeBytes } from '../../model/units.ts'
import { size } from '../../schema/parts.ts'
import { shown } from '../text-test.ts'
import { both, yesOrNo } from '../three-valued.ts'
import { CANNOT_TELL, defineCondition } from './condition.ts'

const kind = (what: string) => Type.Optional(Type.Boolean({ description: `true asks for ${what}, false for none` }))

/** Holds when the input is as small as `max_bytes` says and has, or has not, images, files and audio. */
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
    return ({ input: { bytes, images, files, audio } }) => {
      const kinds =
        images === (written.images ?? images) &&
        files === (written.files ?? files) &&
        audio === (written.audio ?? audio)
      if (maxBytes === null) return yesOrNo(kinds)
      return both(yesOrNo(kinds), bytes === undefined ? 'unknown' : yesOrNo(bytes <= maxBytes))
    }
  },
  want: (written) => shown(written),
  got: ({ input: { bytes, images, files, audio } }) => shown({ bytes: bytes ?? CANNOT_TELL, images, files, audio }),
})
