import type { Endpoint } from './endpoint.ts'
import { act, send, upload } from './operation.ts'

/** A file in parts. */
export const uploads: readonly Endpoint[] = [
  send('uploads.create', '/v1/uploads', { known: ['bytes', 'filename', 'mime_type', 'purpose', 'expires_after'] }),
  act('uploads.cancel', '/v1/uploads/{upload}/cancel'),
  send('uploads.complete', '/v1/uploads/{upload}/complete', { known: ['md5'], ids: ['part_ids'] }),
  upload('uploads.parts.create', '/v1/uploads/{upload}/parts'),
]
