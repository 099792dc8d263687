import { walkItems } from './content.ts'
import type { Endpoint } from './endpoint.ts'
import { content, get, list, remove, send } from './operation.ts'
import { readInput } from './responses.ts'

const SESSION = '/v1/agents/sessions/{session}'
const ARTIFACT = `${SESSION}/artifacts/{artifact}`
const SUBAGENT = `${SESSION}/subagents/{subagent}`
const BETA = { beta: 'agents=v1' }
const ORDER = { order: null }
/** The agent that is stored says its model, whatever else is named. */
const FORM = {
  ...BETA,
  model: 'indirect',
  runsStored: true,
  models: ['.agent.model', '.agent.tools[].model'],
  ids: ['agent_id', 'environment_id', 'environment_template_id', 'vault_ids', 'credential_id'],
  known: ['review', 'spend_control'],
} as const

/** What agents do: sessions, their turns, and what came of them. */
export const agentSessions: readonly Endpoint[] = [
  send('agents.sessions.create', '/v1/agents/sessions', {
    ...FORM,
    streams: 'asked',
    readers: [['input', readInput]],
  }),
  list(
    'agents.sessions.list',
    '/v1/agents/sessions',
    'session',
    { ...ORDER, agent_id: 'agent', 'metadata[*]': null },
    BETA,
  ),
  get('agents.sessions.get', SESSION, BETA),
  send('agents.sessions.update', SESSION, FORM),
  remove('agents.sessions.delete', SESSION, BETA),
  list(
    'agents.sessions.artifacts.list',
    `${SESSION}/artifacts`,
    'artifact',
    {
      ...ORDER,
      environment_id: 'environment',
    },
    BETA,
  ),
  get('agents.sessions.artifacts.get', ARTIFACT, BETA),
  remove('agents.sessions.artifacts.delete', ARTIFACT, BETA),
  content('agents.sessions.artifacts.content', `${ARTIFACT}/content`, BETA),
  send('agents.sessions.events.create', `${SESSION}/events`, {
    ...BETA,
    model: 'indirect',
    runsStored: true,
    readers: [['events', (draft, value) => walkItems(draft, value, 'events')]],
  }),
  get('agents.sessions.events.stream', `${SESSION}/events`, {
    ...BETA,
    streams: 'always',
    query: { include_obfuscation: 'flag' },
  }),
  list('agents.sessions.items.list', `${SESSION}/items`, 'item', ORDER, BETA),
  list('agents.sessions.subagents.list', `${SESSION}/subagents`, 'subagent', ORDER, BETA),
  get('agents.sessions.subagents.get', SUBAGENT, BETA),
  list('agents.sessions.subagents.items.list', `${SUBAGENT}/items`, 'item', ORDER, BETA),
  list('agents.sessions.subagents.turns.list', `${SUBAGENT}/turns`, 'turn', ORDER, BETA),
  get('agents.sessions.subagents.turns.get', `${SUBAGENT}/turns/{turn}`, BETA),
  list('agents.sessions.subagents.turns.items.list', `${SUBAGENT}/turns/{turn}/items`, 'item', ORDER, BETA),
  list('agents.sessions.traces.list', `${SESSION}/traces`, 'trace', ORDER, BETA),
  list('agents.sessions.turns.list', `${SESSION}/turns`, 'turn', ORDER, BETA),
  get('agents.sessions.turns.get', `${SESSION}/turns/{turn}`, BETA),
  list('agents.sessions.turns.items.list', `${SESSION}/turns/{turn}/items`, 'item', ORDER, BETA),
]
