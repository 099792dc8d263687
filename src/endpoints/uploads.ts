import type { JsonValue } from '../model/json.ts'
import { isLikeBatchPurpose, LIKE_BATCH_PURPOSE } from './batch-purpose.ts'
import { type Draft, refuse } from './draft.ts'
import type { Endpoint } from './endpoint.ts'
import { act, send, upload } from './operation.ts'

/** A file in parts. */
export const uploads: readonly Endpoint[] = [
  send('uploads.create', '/v1/uploads', {
    known: ['bytes', 'filename', 'mime_type', 'expires_after'],
    readers: [['purpose', readPurpose]],
  }),
  act('uploads.cancel', '/v1/uploads/{upload}/cancel'),
  send('uploads.complete', '/v1/uploads/{upload}/complete', { known: ['md5'], ids: ['part_ids'] }),
  upload('uploads.parts.create', '/v1/uploads/{upload}/parts'),
]

function readPurpose(draft: Draft, purpose: JsonValue): undefined {
  if (typeof purpose !== 'string') refuse(draft, '`purpose` must be a string', 'purpose')
  else if (isLikeBatchPurpose(purpose)) refuse(draft, LIKE_BATCH_PURPOSE, 'purpose')
}
