import { hostname, userInfo } from 'node:os'
import { resolve } from 'node:path'
import { loadConfig } from '../config/load.ts'
import { printable } from '../config/report.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { Settings } from '../model/settings.ts'
import { type KeyStore, openKeyStore } from '../stores/keys.ts'
import type { Operator } from '../stores/outbox.ts'
import { PostgresFault } from '../stores/postgres-fault.ts'
import { openPostgresStore } from '../stores/postgres-store.ts'
import { problemText } from './check.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'

/** How long a command waits for the store while the proxy writes to it. Milliseconds. */
const BUSY_MS = 5000

/** A failure that the person at the terminal can do something about. */
export class Unusable extends Error {}

/** Does something with the store of the config. Exit 0, or what it answers; 2 when the config, the store or what is asked for is unusable. */
export function withStore(
  options: CommonOptions,
  io: CommandIo,
  act: (store: KeyStore, settings: Settings) => Promise<number> | Promise<void> | void,
): Promise<number> {
  return withSettings(options, io, async (settings) => {
    const opened = await openStore(settings)
    if (!opened.ok) throw new Unusable(opened.fault)
    try {
      const code = await act(opened.value, settings)
      return typeof code === 'number' ? code : EXIT.done
    } finally {
      await opened.value.close()
    }
  })
}

/** The same for what does not want it to be opened. Answers the exit code. */
export async function withSettings(
  options: CommonOptions,
  io: CommandIo,
  act: (settings: Settings) => Promise<number>,
): Promise<number> {
  try {
    return await act(await settingsOf(options.config, io))
  } catch (error) {
    const message = error instanceof Unusable ? error.message : storeFailure(error)
    if (message === null) throw error
    io.stderr.write(`error: ${printable(message)}\n`)
    return EXIT.unusable
  }
}

/** Who runs this, for the audit: what the system says, and never the environment, which anybody can set. */
export function operator(): Operator {
  return { user: told(() => userInfo().username), host: told(hostname) }
}

export function isoTime(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

/** Null where the system does not say: a container's user need not have a name. */
function told(ask: () => string): string | null {
  try {
    return ask() || null
  } catch {
    return null
  }
}

async function openStore({ store }: Settings): Promise<Result<KeyStore, string>> {
  if (store.kind === 'sqlite') return openKeyStore(store.file, { busyMs: BUSY_MS })
  if (store.server === null) return failed('the URL of the store is not known')
  const opened = openPostgresStore(store.server)
  if (!opened.ok) return opened
  const failure = await opened.value.begin()
  if (failure === null) return ok(opened.value)
  await opened.value.close()
  return failed(failure.message)
}

async function settingsOf(config: string, io: CommandIo): Promise<Settings> {
  const loaded = await loadConfig(resolve(io.cwd, config), { env: io.env, secrets: 'store' })
  if (loaded.settings !== null) return loaded.settings
  io.stderr.write(problemText(loaded.problems, io.cwd))
  throw new Unusable('the config is unusable')
}

function storeFailure(error: unknown): string | null {
  if (error instanceof PostgresFault) return `the store ${error.message}`
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (!code.startsWith('SQLITE_')) return null
  return code.startsWith('SQLITE_BUSY')
    ? 'the store is held by another process: try again'
    : `the store failed (${code})`
}
