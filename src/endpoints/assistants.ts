import type { Endpoint } from './endpoint.ts'
import { get, list, remove, send } from './operation.ts'

const ASSISTANT = '/v1/assistants/{assistant}'
const BETA = { beta: 'assistants=v2' }
const KNOWN = ['name', 'description', 'tool_resources']
const MODELS = ['.model', '.tools[].model']

export const assistants: readonly Endpoint[] = [
  send('assistants.create', '/v1/assistants', { ...BETA, model: 'required', models: MODELS, known: KNOWN }),
  list('assistants.list', '/v1/assistants', 'assistant', { before: 'assistant', order: null }, BETA),
  get('assistants.get', ASSISTANT, BETA),
  send('assistants.update', ASSISTANT, { ...BETA, model: 'optional', models: MODELS, known: KNOWN }),
  remove('assistants.delete', ASSISTANT, BETA),
]
