import { resolve } from 'node:path'
import { loadAll } from '../config/load-all.ts'
import { nearest } from '../schema/nearest.ts'
import { compilePolicies } from '../serving/compile-policies.ts'
import type { CommandIo } from './command.ts'

/**
 * What a key, or a user, is given that no policy knows, for people. Only where the policies load: one may be made before the
 * policy that its role belongs to.
 */
export async function grantWarnings(
  config: string,
  { roles, workspace }: { readonly roles: readonly string[]; readonly workspace: string | null },
  io: CommandIo,
  holder = 'the key',
): Promise<readonly string[]> {
  if (roles.length === 0 && workspace === null) return []
  const { policy } = await loadAll(resolve(io.cwd, config), { env: io.env, secrets: false, compile: compilePolicies })
  if (!policy) return []
  return [
    ...roles.flatMap((role) => warning('role', role, policy.roles, holder)),
    ...(workspace === null ? [] : warning('workspace', workspace, policy.workspaces, holder)),
  ]
}

function warning(what: string, name: string, known: readonly string[], holder: string): string[] {
  if (known.includes(name)) return []
  const close = nearest(name, known)
  const hint = close === null ? '' : `; did you mean \`${close}\`?`
  return [`the policies have no ${what} \`${name.slice(0, 64)}\`: ${holder} has nothing of it${hint}`]
}
