import { CATALOGUE } from '../audit/catalogue.ts'
import type { AuditAction, AuditEvent } from '../model/audit.ts'
import type { UserEvent } from '../stores/user-events.ts'

/** What the audit is told of a user, an account or a token: never a secret, a hash or a code. */
export function userEvent({ action: written, at, source, account, detail, by }: UserEvent): AuditEvent {
  const action = isAction(written) ? written : 'user-changed'
  const { part, members } = told(written, source, account)
  const all = { ...members, ...detail, 'by.user': by.user, 'by.host': by.host }
  const extra: { [name: string]: string | readonly string[] } = {}
  for (const [name, value] of Object.entries(all))
    if (value !== null && value.length > 0) extra[`${part}.${name}`] = value
  return { at, action, outcome: 'success', message: messageOf(written, source, account), extra }
}

/** An event of a release that knows more is told of in the words that there are: it must not be lost. */
function isAction(written: string): written is AuditAction {
  return Object.hasOwn(CATALOGUE, written)
}

interface Told {
  readonly part: string
  readonly members: { readonly [name: string]: string }
}

function told(action: string, source: string, account: string): Told {
  if (action === 'token-revoked') return { part: 'revocation', members: { issuer: source, value: account } }
  if (action.startsWith('token-key-')) return { part: 'token_key', members: { id: account } }
  return { part: 'account', members: { source, name: account } }
}

function messageOf(action: string, source: string, account: string): string {
  if (action.startsWith('token-key-')) return `token key ${account} ${action.slice('token-key-'.length)}`
  if (action === 'token-revoked') return `tokens of ${source === '' ? 'any issuer' : source} revoked: ${account}`
  return `${action}: ${account} of ${source}`
}
