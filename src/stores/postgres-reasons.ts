import type { PostgresServer } from '../model/settings.ts'
import { PostgresFault } from './postgres-fault.ts'

type Reason = readonly [says: string, isPassing: boolean]

const GRANTS = 'see "Roles and grants" in docs/store.md'

/** What the server says by the code of its error. */
const SAID: { readonly [code: string]: Reason } = {
  '28000': ['refuses this user, or how it connects: mend `pg_hba.conf`, or the URL under `store`', false],
  '28P01': ['refuses the user or its password: mend the URL under `store`', false],
  '3D000': ['has no database of this name: create it, or mend the URL under `store`', false],
  '42501': [`does not let this user do that: ${GRANTS}`, false],
  '42P01': ['lacks a table: restore it from a backup, or name another database under `store`', false],
  '25006': ['takes no changes: it is a standby or read only; name the primary under `store`', true],
  '40001': ['was changed by somebody else at the same time: try again', true],
  '40P01': ['was changed by somebody else at the same time: try again', true],
  '53100': ['cannot be written: the disk of the server is full', true],
  '53300': ['takes no more connections: raise `max_connections`', true],
  '55P03': ['is held by another process: try again', true],
  '57014': ['does not answer in time', true],
}

/** Classes of codes: the connection broke, the server lacks something, or is stopping or starting. */
const PASSING = ['08', '53', '57', '58']

/** For an error that the server has told of. Its words are left away: they may quote what is stored. */
export function serverFault(code: string, server: PostgresServer): PostgresFault {
  const known = SAID[code]
  if (known !== undefined) return fault(code, known, server)
  const isPassing = PASSING.includes(code.slice(0, 2))
  return fault(code, [isPassing ? `cannot be used now (${code})` : `has failed (${code})`, isPassing], server)
}

const WORDS: readonly (readonly [message: RegExp, code: string, reason: Reason])[] = [
  [/timeout/i, 'timeout', ['does not answer in time', true]],
  [/^too many wait$/, 'busy', ['has no connection free: too many wait', true]],
  [/does not support SSL/, 'no_tls', ['speaks no TLS: give it a certificate and `ssl = on`', false]],
  [/SASL|SCRAM/, 'sasl', ['refuses the user or its password: mend the URL under `store`', false]],
]

/** For a connection that does not come about, or breaks. */
export function connectionFault(cause: unknown, server: PostgresServer): PostgresFault {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const message = cause instanceof Error ? cause.message : ''
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO|DEPTH_ZERO/.test(code)) {
    const says = `shows a certificate that cannot be trusted (${code}): name its authority by \`sslrootcert\`, or mend the host name`
    return fault(code, [says, false], server)
  }
  const known = WORDS.find(([words]) => code === '' && words.test(message))
  if (known !== undefined) return fault(known[1], known[2], server)
  return fault(code || 'closed', [`cannot be reached (${code || 'the connection was closed'})`, true], server)
}

function fault(code: string, [says, isPassing]: Reason, { host, port, database }: PostgresServer): PostgresFault {
  const where = host.startsWith('/') ? host : host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  return new PostgresFault(code, `\`${database}\` at \`${where}\` ${says}`, isPassing)
}
