import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { reasonOf } from '../config/read-file.ts'
import type { JsonObject } from '../model/json.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { parseStrictJson } from '../model/strict-json.ts'

const MAX_ANSWER = 128 * 1024
const LIMITS = { depth: 8, members: 500, containers: 200, values: 1000 }
const PATIENCE_MS = 30_000

/** What a proxy has answered: a JSON object. */
export interface ProxyAnswer {
  readonly status: number
  readonly body: JsonObject
}

/** Why there is no answer, for people. `isPassing`: it may be there a little later. */
export interface ProxyFault {
  readonly isPassing: boolean
  readonly message: string
}

/** Asks one proxy. Certificates are always verified, redirects are not followed, and an answer has a size and a time. */
export interface ProxyClient {
  post(path: string, form: Readonly<Record<string, string>>): Promise<Result<ProxyAnswer, ProxyFault>>
}

/** `ca`: the path of a file of certificates that are trusted in place of those of the system. The fault is for people. */
export function openProxyClient(url: string, ca: string | null): Result<ProxyClient, string> {
  const trusted = ca === null ? ok(null) : readCertificates(ca)
  if (!trusted.ok) return trusted
  return ok({ post: (path, form) => post(url + path, form, trusted.value) })
}

function readCertificates(file: string): Result<string, string> {
  try {
    const text = readFileSync(file, 'utf8')
    new X509Certificate(text)
    return ok(text)
  } catch (cause) {
    const isFound = !(cause instanceof Error && 'syscall' in cause)
    return failed(`\`--ca ${file}\`: ${isFound ? 'holds no certificate in PEM' : reasonOf(cause)}`)
  }
}

function post(
  url: string,
  form: Readonly<Record<string, string>>,
  ca: string | null,
): Promise<Result<ProxyAnswer, ProxyFault>> {
  const body = new URLSearchParams(form).toString()
  const headers = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
    'user-agent': 'sallyport',
  }
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const options = { method: 'POST', headers, signal, agent: false as const }
  // Said here, too: no variable of the environment turns it off.
  const secured = { ...options, rejectUnauthorized: true, ...(ca === null ? {} : { ca }) }
  return new Promise((resolve) => {
    const request = url.startsWith('https:') ? requestHttps(url, secured) : requestHttp(url, options)
    const failure = (cause: unknown) => resolve(failed(faultOf(cause, signal.aborted)))
    request.on('error', failure)
    request.on('response', (response) => {
      const pieces: Buffer[] = []
      let length = 0
      response.on('error', failure)
      response.on('data', (piece: Buffer) => {
        length += piece.length
        if (length > MAX_ANSWER) {
          resolve(failed({ isPassing: false, message: 'the answer is larger than a proxy of this kind gives' }))
          request.destroy()
        } else pieces.push(piece)
      })
      response.on('end', () => resolve(answerOf(response.statusCode ?? 0, Buffer.concat(pieces))))
    })
    request.end(body)
  })
}

function answerOf(status: number, bytes: Buffer): Result<ProxyAnswer, ProxyFault> {
  const parsed = parseStrictJson(bytes, LIMITS)
  if (parsed.ok) return ok({ status, body: parsed.value.value })
  // What stands before the proxy answers so while it is away.
  if (status >= 500) return failed({ isPassing: true, message: `the answer is ${status}` })
  const isElsewhere = status >= 300 && status < 400
  const says = isElsewhere ? 'leads elsewhere' : 'is not one of a Sallyport'
  return failed({ isPassing: false, message: `the answer (${status}) ${says}: is the URL that of the proxy?` })
}

/** Of failures to verify, as Node names them. */
const UNTRUSTED = /CERT|SIGNATURE|SELF_SIGNED|ISSUER/

function faultOf(cause: unknown, isLate: boolean): ProxyFault {
  if (isLate) return { isPassing: true, message: `no answer within ${PATIENCE_MS / 1000} s` }
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  if (!UNTRUSTED.test(code)) return { isPassing: true, message: `it cannot be reached (${code})` }
  const says = code.includes('ALTNAME')
    ? 'is of another name'
    : code.includes('EXPIRED')
      ? 'has expired'
      : 'is not trusted'
  const mend = says === 'is not trusted' ? ': name the certificate of who has signed it with `--ca FILE`' : ''
  return { isPassing: false, message: `its certificate ${says} (${code})${mend}` }
}
