import type { Endpoint } from './endpoint.ts'
import { act, get, list, remove, send } from './operation.ts'

const AGENT = '/v1/agents/{agent}'
const AUTOMATION = '/v1/agents/automations/{automation}'
const ENVIRONMENT = '/v1/agents/environments/{environment}'
const TEMPLATE = '/v1/agents/environments/templates/{template}'
const INVOCATIONS = `${AUTOMATION}/invocations`
const BETA = { beta: 'agents=v1' }
const ORDER = { order: null }
/** What members of these bodies name by their ids. */
const IDS = [...['agent_id', 'session_id', 'environment_id', 'environment_template_id', 'vault_ids', 'credential_id']]
const AGENT_FORM = {
  ...BETA,
  models: ['.model', '.tools[].model'],
  ids: IDS,
  known: ['name', 'compaction', 'multi_agent'],
} as const
/** An automation starts sessions by itself, of an agent that says its model. */
const AUTOMATION_FORM = {
  ...BETA,
  model: 'indirect',
  runsStored: true,
  models: ['.target.agent.model', '.target.agent.tools[].model'],
  ids: IDS,
  known: ['name', 'expression', 'timezone', 'type', 'run_at'],
} as const

/** Agents, and what they run in and when. What a body holds beyond what is known here is read in doubt. */
export const agents: readonly Endpoint[] = [
  send('agents.create', '/v1/agents', { ...AGENT_FORM, model: 'required' }),
  list('agents.list', '/v1/agents', 'agent', ORDER, BETA),
  get('agents.get', AGENT, BETA),
  send('agents.update', AGENT, { ...AGENT_FORM, model: 'optional' }),
  remove('agents.delete', AGENT, BETA),
  send('agents.automations.create', '/v1/agents/automations', AUTOMATION_FORM),
  list('agents.automations.list', '/v1/agents/automations', 'automation', { ...ORDER, session_id: 'session' }, BETA),
  get('agents.automations.get', AUTOMATION, BETA),
  send('agents.automations.update', AUTOMATION, AUTOMATION_FORM),
  remove('agents.automations.delete', AUTOMATION, BETA),
  act('agents.automations.pause', `${AUTOMATION}/pause`, BETA),
  act('agents.automations.resume', `${AUTOMATION}/resume`, { ...BETA, model: 'indirect' }),
  act('agents.automations.invocations.create', INVOCATIONS, { ...BETA, model: 'indirect' }),
  list('agents.automations.invocations.list', INVOCATIONS, 'invocation', ORDER, BETA),
  get('agents.automations.invocations.get', `${INVOCATIONS}/{invocation}`, BETA),
  send('agents.environments.create', '/v1/agents/environments', { ...BETA, ids: IDS }),
  list('agents.environments.list', '/v1/agents/environments', 'environment', { ...ORDER, type: null }, BETA),
  get('agents.environments.get', ENVIRONMENT, BETA),
  send('agents.environments.files.create', `${ENVIRONMENT}/files`, { ...BETA, ids: IDS }),
  get('agents.environments.files.list', `${ENVIRONMENT}/files`, {
    ...BETA,
    query: { limit: null, order: null, path: null, page: null },
  }),
  send('agents.environments.templates.create', '/v1/agents/environments/templates', {
    ...BETA,
    ids: IDS,
    known: ['name'],
  }),
  list('agents.environments.templates.list', '/v1/agents/environments/templates', 'template', ORDER, BETA),
  get('agents.environments.templates.get', TEMPLATE, BETA),
  send('agents.environments.templates.update', TEMPLATE, { ...BETA, ids: IDS, known: ['name'] }),
  remove('agents.environments.templates.delete', TEMPLATE, BETA),
]
