import type { Endpoint } from './endpoint.ts'
import { upload } from './operation.ts'

/** Whether a picture or sound was made by a model. */
export const provenance: Endpoint = upload('content_provenance_checks.create', '/v1/content_provenance_checks', {
  stored: false,
})
