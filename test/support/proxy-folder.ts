import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The provider's key: it may appear nowhere but in what goes upstream. */
export const UPSTREAM_KEY = 'sk-upstream-0123456789abcdefghijklmnop'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }
type Section = { readonly [key: string]: Json | undefined }

export interface ProxyOptions {
  /** `name`, `url` and whatever else a config says of it; the default serves `gpt-*`, `text-*`, `omni-*` with a key. */
  readonly upstream?: string
  readonly upstreams?: readonly Section[]
  /** Of the upstream that there is by default. */
  readonly isolation?: 'workspace' | 'user' | 'off'
  /** A second upstream, `mock-messages`, of kind `anthropic` at the same address. */
  readonly messages?: boolean
  /** URL of one issuer, named `corp`. */
  readonly issuer?: string
  readonly issuers?: readonly Section[]
  readonly listen?: Section
  readonly identity?: Section
  readonly policy?: Json
  readonly config?: Section
  readonly env?: { readonly [name: string]: string }
  /** `pipe` (the default) is read here; `full` is /dev/full; `closed` is none; or a file that events are appended to. */
  readonly stdout?: 'pipe' | 'full' | 'closed' | { readonly file: string }
}

/** Analysts may use everything but `gpt-4o`; admins that, too. */
export const POLICY: Json = {
  version: 1,
  roles: { analyst: { members: [{ group: 'analysts' }] }, admin: { members: [{ group: 'admins' }] } },
  rules: [
    { id: 'listing', effect: 'allow', roles: ['analyst'], operations: ['models.list', 'models.get'] },
    {
      id: 'analysts-small',
      effect: 'allow',
      roles: ['analyst'],
      models: ['gpt-4o-mini*', 'text-*', 'omni-*'],
      operations: ['chat', 'completions', 'responses', 'embeddings', 'moderations'],
    },
    { id: 'admins-large', effect: 'allow', roles: ['admin'], models: ['gpt-4o'], operations: ['chat', 'responses'] },
  ],
}

/** A document as YAML: JSON is YAML 1.2, and the loader reads it as that. */
export const yaml = (document: Json): string => `${JSON.stringify(document, null, 2)}\n`

export function writeFolder(folder: string, options: ProxyOptions, ports: readonly number[] = [0, 0]): void {
  for (const name of ['config', 'policies', 'data']) mkdirSync(join(folder, name), { recursive: true })
  const issuer = (url: string) => ({ name: 'corp', issuer: url, audience: ['sallyport'] })
  const upstream = (url: string) => ({
    name: 'mock',
    url,
    api_key: { env: 'MOCK_KEY' },
    models: ['gpt-*', 'text-*', 'omni-*'],
    ...(options.isolation === undefined ? {} : { isolation: options.isolation }),
  })
  const config: Section = {
    version: 1,
    listen: { proxy: `127.0.0.1:${ports[0]}`, admin: `127.0.0.1:${ports[1]}`, ...options.listen },
    identity: {
      ...(options.issuer === undefined && !options.issuers
        ? {}
        : { issuers: options.issuers ?? [issuer(options.issuer ?? '')] }),
      ...options.identity,
    },
    upstreams: options.upstreams ?? [
      upstream(options.upstream ?? ''),
      ...(options.messages
        ? [
            {
              ...upstream(options.upstream ?? ''),
              name: 'mock-messages',
              kind: 'anthropic',
              models: ['gpt-4o*', 'claude-*'],
            },
          ]
        : []),
    ],
    policies: ['../policies'],
    ...options.config,
  }
  writeFileSync(join(folder, 'config/sallyport.yaml'), yaml(config))
  writeFileSync(join(folder, 'policies/policy.yaml'), yaml(options.policy ?? POLICY))
}
