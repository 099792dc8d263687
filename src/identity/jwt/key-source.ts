import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { IssuerSettings } from '../../model/identity-settings.ts'
import type { JsonObject } from '../../model/json.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { discoveredUrl } from './discovery.ts'
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

export function openKeySource(settings: IssuerSettings): KeySource {
  const { jwks } = settings
  if (jwks.kind === 'file') return fileSource(jwks.file)
  const fetcher = openFetcher()
  const { kind } = jwks
  return {
    load: kind === 'url' ? (signal) => fetcher.fetch(jwks.url, signal) : discover(fetcher, settings),
    lookEveryMs: Number.POSITIVE_INFINITY,
    close: () => fetcher.close(),
  }
}

function discover(fetcher: JsonFetcher, settings: IssuerSettings): KeySource['load'] {
  return async (signal) => {
    const uri = await discoveredUrl(fetcher, settings, 'jwks_uri', signal)
    if (uri.ok) return fetcher.fetch(uri.value, signal)
    return uri.fault === 'insecure_url' ? failed('insecure_jwks_uri') : failed(uri.fault)
  }
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
