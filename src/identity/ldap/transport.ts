import { readFile } from 'node:fs/promises'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { LdapServer } from '../../model/identity-settings.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { berElement } from './ber.ts'
import { MessageStream } from './message-stream.ts'

/** Why there is no connection. These stand in `directory-failed` events. */
export type ConnectFailure =
  | 'unreachable'
  | 'timeout'
  | 'untrusted_certificate'
  | 'tls_failed'
  | 'start_tls_refused'
  | 'ca_unreadable'

export interface Security {
  readonly startTls: boolean
  /** Absolute path of the certificates that are trusted; null for those of the platform. */
  readonly ca: string | null
}

/** The one message that asks for TLS: `ExtendedRequest` 1.3.6.1.4.1.1466.20037, number 1 (RFC 4511 section 4.14). */
const START_TLS = Buffer.from('301d02010177188016312e332e362e312e342e312e313436362e3230303337', 'hex')
const MAX_REPLY_BYTES = 4096

/**
 * Opens a connection on which LDAP can be spoken. With TLS, whether from the first byte or after StartTLS, the server shows a
 * certificate for its host that a trusted authority signed; a connection for which TLS was asked is never used without. The
 * authorities are read anew, so that a file that was replaced is in force for the next connection.
 *
 * StartTLS is done here, byte by byte: what a stranger puts behind the plain answer would otherwise stay in the reader of
 * messages, and be taken for what came within TLS.
 */
export async function openTransport(
  server: LdapServer,
  { startTls, ca: caFile }: Security,
  limitMs: number,
): Promise<Result<MessageStream, ConnectFailure>> {
  let ca: string | undefined
  try {
    ca = caFile === null ? undefined : await readFile(caFile, 'utf8')
  } catch {
    return failed('ca_unreadable')
  }
  let socket: Socket | null = null
  let stage: ConnectFailure = 'unreachable'
  const late = AbortSignal.timeout(limitMs)
  try {
    socket = await settled(connect({ host: server.host, port: server.port, noDelay: true }), 'connect', late)
    if (startTls) {
      stage = 'start_tls_refused'
      if (!(await acceptsTls(socket, late))) throw new Error('refused')
    }
    if (server.secure || startTls) {
      stage = 'tls_failed'
      const { host } = server
      const names = isIP(host) === 0 ? { host, servername: host } : { host }
      const plain = socket
      socket = await settled(
        connectTls({ socket: plain, ...names, ...(ca === undefined ? {} : { ca }), minVersion: 'TLSv1.2' }),
        'secureConnect',
        late,
      )
    }
    return ok(new MessageStream(socket))
  } catch (cause) {
    socket?.destroy()
    if (late.aborted) return failed('timeout')
    return failed(isUntrusted(cause) ? 'untrusted_certificate' : stage)
  }
}

/** The socket once it is open; destroyed, and the wait ended, when it fails or is late. */
function settled<Opening extends Socket>(socket: Opening, event: string, late: AbortSignal): Promise<Opening> {
  return new Promise((resolve, reject) => {
    const fail = (cause?: unknown) => {
      end()
      socket.on('error', () => undefined)
      socket.destroy()
      reject(cause instanceof Error ? cause : new Error('closed'))
    }
    const done = () => {
      end()
      resolve(socket)
    }
    const end = () => {
      socket.off(event, done).off('error', fail).off('close', fail)
      late.removeEventListener('abort', fail)
    }
    socket.once(event, done).once('error', fail).once('close', fail)
    late.addEventListener('abort', fail)
    if (late.aborted) fail()
  })
}

/** True when the server answers, in one message and not a byte more, that TLS may begin. */
function acceptsTls(socket: Socket, late: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    let reply = Buffer.alloc(0)
    const over = (accepted: boolean) => {
      socket.off('data', take).off('error', refused).off('close', refused)
      socket.pause()
      late.removeEventListener('abort', refused)
      resolve(accepted)
    }
    const refused = () => over(false)
    const take = (chunk: Buffer) => {
      reply = Buffer.concat([reply, chunk])
      const message = berElement(reply, 0)
      if (message === undefined && reply.length < MAX_REPLY_BYTES) return
      if (message?.tag === 0x30 && message.end > reply.length && message.end < MAX_REPLY_BYTES) return
      over(message?.tag === 0x30 && message.end === reply.length && isAccepted(reply, message.start))
    }
    socket.on('data', take).once('error', refused).once('close', refused)
    late.addEventListener('abort', refused)
    if (late.aborted) return refused()
    socket.write(START_TLS)
  })
}

/** `ExtendedResponse` to message 1 with the result `success`. */
function isAccepted(reply: Buffer, at: number): boolean {
  const number = berElement(reply, at)
  if (number?.tag !== 0x02 || reply.subarray(number.start, number.end).toString('hex') !== '01') return false
  const response = berElement(reply, number.end)
  if (response?.tag !== 0x78) return false
  const code = berElement(reply, response.start)
  return code?.tag === 0x0a && reply.subarray(code.start, code.end).toString('hex') === '00'
}

function isUntrusted(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return /CERT|SELF_SIGNED|ISSUER|ALTNAME|LEAF_SIGNATURE|CRL|INVALID_CA|HOSTNAME/.test(code)
}
