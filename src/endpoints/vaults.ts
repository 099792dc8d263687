import type { Endpoint } from './endpoint.ts'
import { get, list, remove, send } from './operation.ts'

const VAULT = '/v1/vaults/{vault}'
const CREDENTIAL = `${VAULT}/credentials/{credential}`
const BETA = { beta: 'agents=v1' }
const LISTED = { order: null, status: null, 'metadata[*]': null } as const

/** Credentials that agents sign in elsewhere with. */
export const vaults: readonly Endpoint[] = [
  send('agents.vaults.create', '/v1/vaults', { ...BETA, known: ['name'] }),
  list('agents.vaults.list', '/v1/vaults', 'vault', LISTED, BETA),
  get('agents.vaults.get', VAULT, BETA),
  send('agents.vaults.update', VAULT, { ...BETA, known: ['name'] }),
  remove('agents.vaults.delete', VAULT, BETA),
  send('agents.vaults.credentials.create', `${VAULT}/credentials`, { ...BETA, known: ['name'] }),
  list('agents.vaults.credentials.list', `${VAULT}/credentials`, 'credential', LISTED, BETA),
  get('agents.vaults.credentials.get', CREDENTIAL, BETA),
  send('agents.vaults.credentials.update', CREDENTIAL, { ...BETA, known: ['name'] }),
  remove('agents.vaults.credentials.delete', CREDENTIAL, BETA),
]
