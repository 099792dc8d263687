import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { isIP } from 'node:net'
import { type JsonObject, ownValue } from '../model/json.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { IssuerSettings } from '../model/settings.ts'
import { type FetchFailure, type JsonFetcher, MAX_DOCUMENT_BYTES, openFetcher } from './http-json.ts'
import { readJsonObject } from './strict-json.ts'

export type SourceFailure = FetchFailure | 'issuer_mismatch' | 'insecure_jwks_uri' | 'file_unreadable'

/** Where the document of a key set comes from. Never throws. */
export interface KeySource {
  /** Answers `unchanged`, where the caller can use that, when what was loaded last stands still. */
  load(signal: AbortSignal, mayBeUnchanged: boolean): Promise<Result<JsonObject | 'unchanged', SourceFailure>>
  /** The longest time between two looks, beside the configured age. Milliseconds. */
  readonly lookEveryMs: number
  close(): void
}

/** A changed file is seen within this time, as a changed config is. */
const FILE_LOOK_MS = 2000

export function openKeySource({ jwks, issuer, allowInsecure }: IssuerSettings): KeySource {
  if (jwks.kind === 'file') return fileSource(jwks.file)
  const fetcher = openFetcher()
  const { kind } = jwks
  return {
    load: kind === 'url' ? (signal) => fetcher.fetch(jwks.url, signal) : discover(fetcher, issuer, allowInsecure),
    lookEveryMs: Number.POSITIVE_INFINITY,
    close: () => fetcher.close(),
  }
}

/** OpenID Connect Discovery 1.0 sections 4.1 and 4.3: the metadata must be of exactly this issuer. */
function discover(fetcher: JsonFetcher, issuer: string, allowInsecure: boolean): KeySource['load'] {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  return async (signal) => {
    const metadata = await fetcher.fetch(address, signal)
    if (!metadata.ok) return metadata
    if (ownValue(metadata.value, 'issuer') !== issuer) return failed('issuer_mismatch')
    const uri = ownValue(metadata.value, 'jwks_uri')
    if (typeof uri !== 'string') return failed('malformed')
    if (!isTrustworthy(uri, allowInsecure)) return failed('insecure_jwks_uri')
    return fetcher.fetch(uri, signal)
  }
}

/** Keys that came over a line that anybody can write to are anybody's keys. */
function isTrustworthy(written: string, allowInsecure: boolean): boolean {
  const url = URL.parse(written)
  if (url === null || url.username !== '' || url.password !== '') return false
  if (url.protocol === 'https:') return true
  if (url.protocol !== 'http:') return false
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return allowInsecure || host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function fileSource(file: string): KeySource {
  let mark = ''
  const read = async (handle: FileHandle, mayBeUnchanged: boolean) => {
    const { size, mtimeNs, ino, dev } = await handle.stat({ bigint: true })
    const now = [dev, ino, size, mtimeNs].join(' ')
    if (mayBeUnchanged && now === mark) return ok('unchanged' as const)
    if (size > MAX_DOCUMENT_BYTES) return failed('too_large' as const)
    const document = readJsonObject(await handle.readFile())
    if (document === null) return failed('malformed' as const)
    mark = now
    return ok(document)
  }
  return {
    lookEveryMs: FILE_LOOK_MS,
    close: () => undefined,
    load: async (_signal, mayBeUnchanged) => {
      let handle: FileHandle | null = null
      try {
        // A pipe in its place must not hold the process.
        handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
        return await read(handle, mayBeUnchanged)
      } catch {
        return failed('file_unreadable')
      } finally {
        await handle?.close().catch(() => undefined)
      }
    },
  }
}
