import { agentSessions } from './agent-sessions.ts'
import { agents } from './agents.ts'
import { assistants } from './assistants.ts'
import { audio } from './audio.ts'
import { batches } from './batches.ts'
import { chat } from './chat.ts'
import { chatCompletions } from './chat-completions.ts'
import { chatkit } from './chatkit.ts'
import { completions } from './completions.ts'
import { containers } from './containers.ts'
import { conversations } from './conversations.ts'
import { decisions } from './decisions.ts'
import { embeddings } from './embeddings.ts'
import type { Endpoint } from './endpoint.ts'
import { evals } from './evals.ts'
import { files } from './files.ts'
import { fineTuning } from './fine-tuning.ts'
import { images } from './images.ts'
import { live } from './live.ts'
import { messageBatches, messages } from './messages.ts'
import { models } from './models.ts'
import { moderations } from './moderations.ts'
import { provenance } from './provenance.ts'
import { realtime } from './realtime.ts'
import { responses } from './responses.ts'
import { safety } from './safety.ts'
import { skills } from './skills.ts'
import { threads } from './threads.ts'
import { uploads } from './uploads.ts'
import { vaults } from './vaults.ts'
import { vectorStores } from './vector-stores.ts'
import { videos } from './videos.ts'
import { webhooks } from './webhooks.ts'

/** Every operation of the API. A method and path that is not here is refused. */
export const ENDPOINTS: readonly Endpoint[] = [
  chat,
  ...chatCompletions,
  completions,
  ...responses,
  embeddings,
  moderations,
  ...models,
  ...files,
  ...uploads,
  ...batches,
  ...images,
  ...audio,
  ...fineTuning,
  ...vectorStores,
  ...assistants,
  ...threads,
  ...conversations,
  ...containers,
  ...evals,
  ...videos,
  ...realtime,
  ...live,
  decisions,
  provenance,
  ...safety,
  ...skills,
  ...webhooks,
  ...chatkit,
  ...agents,
  ...agentSessions,
  ...vaults,
  ...messages,
  ...messageBatches,
]
