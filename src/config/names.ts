import type { Problem } from '../model/problem.ts'
import type { Draft } from '../schema/draft.ts'
import { openedPath } from './passthrough.ts'
import type { Config, RouteConfig } from './schema.ts'
import { voucherNames } from './voucher-names.ts'

type Path = Problem['path']

/** Parts of config and policies whose names could not all be read: that one is not known means nothing then. */
export type UnreadPart = 'passthrough' | 'issuers' | 'upstreams' | 'upstream_facts' | 'policies'

/** What policies may refer to in a config, as far as it could be read. */
export interface ConfigNames {
  readonly issuers: readonly string[]
  readonly upstreams: readonly {
    readonly name: string
    readonly region: string | undefined
    readonly labels: { readonly [name: string]: string }
  }[]
  /** In their order; what could not be read is undefined. `url`: of the upstream that a route leads to. */
  readonly passthrough: readonly {
    readonly name: string | undefined
    readonly path: string | undefined
    readonly url: string | undefined
  }[]
  /** Of all upstreams. */
  readonly urls: readonly string[]
  readonly unread: ReadonlySet<UnreadPart>
}

/**
 * The names of a config that may have problems. `faults` are what could not be read or is not there, by its place;
 * a name that may have stood there makes its whole list one of the unread parts.
 */
export function configNames(config: Draft<Config>, faults: readonly Pick<Problem, 'path' | 'code'>[]): ConfigNames {
  const { identity, upstreams, policies } = config
  const vouchers = voucherNames(identity)
  const areRead = identity?.issuers !== undefined && identity.ldap !== undefined && identity.saml !== undefined
  const unread = new Set<UnreadPart>()
  if (!areRead || vouchers.includes(undefined) || faults.some(hidesIssuer)) unread.add('issuers')
  if (!upstreams?.every((entry) => entry?.name !== undefined)) unread.add('upstreams')
  if (!upstreams?.every((entry) => entry !== undefined) || faults.some(hidesFacts)) unread.add('upstream_facts')
  if (!config.passthrough || faults.some(({ path }) => path.length === 0 || path[0] === 'passthrough'))
    unread.add('passthrough')
  if (!policies || faults.some(({ path }) => path[0] === 'policies')) unread.add('policies')
  return {
    issuers: [
      ...vouchers.flatMap((name) => name ?? []),
      ...(identity?.local?.enabled ? ['local'] : []),
      ...(identity?.mtls === undefined ? [] : ['mtls']),
    ],
    upstreams: (upstreams ?? []).flatMap((entry) => {
      if (entry?.name === undefined) return []
      const labels = Object.entries(entry.labels ?? {}).filter(([, value]) => value !== undefined)
      return [{ name: entry.name, region: entry.region, labels: Object.fromEntries(labels) as Record<string, string> }]
    }),
    passthrough: (config.passthrough ?? []).map((entry) => routeNames(entry, upstreams)),
    urls: (upstreams ?? []).flatMap((entry) => entry?.url ?? []),
    unread,
  }
}

function routeNames(entry: Draft<RouteConfig> | undefined, upstreams: Draft<Config>['upstreams']) {
  const { name, path, upstream } = entry ?? {}
  const target = upstreams?.find((one) => one?.name !== undefined && one.name === upstream)
  return { name, path: path === undefined ? undefined : openedPath(path), url: target?.url }
}

/** A key beside them that nobody knows may be a slip of them. */
const NAMED: ReadonlySet<string | number> = new Set(['issuers', 'ldap', 'saml'])

function hidesIssuer({ path, code }: Pick<Problem, 'path' | 'code'>): boolean {
  if (path[0] !== 'identity' || code === 'missing_key') return path.length === 0 && code !== 'missing_key'
  // Whether users of the store are let in, too, or certificates are.
  if (path.length <= 2 || path[1] === 'mtls' || path.join('.') === 'identity.local.enabled') return true
  return NAMED.has(path[1] ?? '') && path[3] === 'name'
}

function hidesFacts({ path, code }: Pick<Problem, 'path' | 'code'>): boolean {
  if (path[0] !== 'upstreams' || code === 'missing_key') return path.length === 0 && code !== 'missing_key'
  return path.length <= 2 || code === 'unknown_key' || isFact(path)
}

const isFact = (path: Path) => path[2] === 'region' || path[2] === 'labels'
