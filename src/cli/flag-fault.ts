import { isIP } from 'node:net'
import { isOperationName, SPELLED_OPERATIONS } from '../model/operations.ts'
import { unopenedRoute } from '../policy/known-names.ts'
import { nearest } from '../schema/nearest.ts'
import type { DescribeFlags } from './described-request.ts'

/** What flags may name in a config and its policies. */
interface FlagNames {
  readonly issuers: readonly string[]
  readonly workspaces: readonly string[]
  readonly upstreams: readonly string[]
  /** Names of passthrough routes. */
  readonly routes: readonly string[]
}

/**
 * The first flag of `explain` that names what there is not, with what may have been meant; null when there is none. A
 * slip would otherwise be a fact like any other and its answer a denial for the wrong reason. Lines of a batch are taken
 * as they are.
 */
export function flagFault(flags: DescribeFlags, { issuers, workspaces, upstreams, routes }: FlagNames): string | null {
  const { operation, ip, key } = flags
  if (operation !== undefined && (!isOperationName(operation) || operation.includes('*'))) {
    return `no operation is named ${shown(operation)}${meant(operation, SPELLED_OPERATIONS) || '; give one such as `chat`'}`
  }
  const unopened = operation === undefined ? null : unopenedRoute(operation, routes)
  if (unopened !== null) return unopened
  if (key !== undefined && !/^key_[A-Za-z0-9]{1,64}$/.test(key)) {
    return '`--key` must be the id of a key, `key_…`: `sallyport keys list` shows them'
  }
  if (ip !== undefined && isIP(ip) === 0) return '`--ip` must be an address such as `192.0.2.1` or `2001:db8::1`'
  return (
    unknown('the config has no issuer', flags.issuer, issuers) ??
    unknown('the policies have no workspace', flags.workspace, workspaces) ??
    unknown('the config has no upstream', flags.upstream, upstreams)
  )
}

function unknown(says: string, written: string | undefined, known: readonly string[]): string | null {
  if (written === undefined || known.includes(written)) return null
  const list = known.length === 0 ? '' : `; known are ${known.slice(0, 20).map(shown).join(', ')}`
  return `${says} named ${shown(written)}${meant(written, known) || list}`
}

function meant(written: string, known: readonly string[]): string {
  const close = nearest(written, known)
  return close === null ? '' : `; did you mean \`${close}\`?`
}

const shown = (name: string) => `\`${name.slice(0, 64)}\``
