import { chat } from './chat.ts'
import { completions } from './completions.ts'
import { embeddings } from './embeddings.ts'
import type { Endpoint } from './endpoint.ts'
import { modelsGet } from './models-get.ts'
import { modelsList } from './models-list.ts'
import { moderations } from './moderations.ts'
import { responses } from './responses.ts'

/** Every operation that is carried. A method and path that is not here is refused. */
export const ENDPOINTS: readonly Endpoint[] = [
  chat,
  completions,
  responses,
  embeddings,
  moderations,
  modelsList,
  modelsGet,
]
