import { isDeepStrictEqual } from 'node:util'
import type { Settings } from '../model/settings.ts'

/** The settings that are only read at the start, by the names that a config gives them. */
const READ_ONCE: { readonly [name: string]: (settings: Settings) => unknown } = {
  'listen.proxy': ({ listen }) => listen.proxy,
  'listen.admin': ({ listen }) => listen.admin,
  // A certificate is taken anew; whether there is one is not.
  'listen.tls': ({ listen }) => listen.tls !== null,
  'listen.tls.client_ca': ({ listen }) => listen.tls?.clientCa !== undefined,
  'listen.timeouts.head': ({ listen }) => listen.timeouts.headMs,
  'listen.timeouts.keep_alive': ({ listen }) => listen.timeouts.keepAliveMs,
  'listen.timeouts.drain': ({ listen }) => listen.timeouts.drainMs,
  // A secret looks like any other one from the outside.
  store: ({ store }) => (store.kind === 'postgres' ? [store, store.server?.password?.reveal()] : store),
  'audit.format': ({ audit }) => audit.format,
  'audit.delivery': ({ audit }) => audit.delivery,
  'telemetry.metrics': ({ telemetry }) => telemetry.metrics,
}

/** What differs from the config at the start and is in force only after a restart. */
export function needingRestart(atStart: Settings, now: Settings): string[] {
  return Object.entries(READ_ONCE)
    .filter(([, part]) => !isDeepStrictEqual(part(atStart), part(now)))
    .map(([name]) => name)
}
