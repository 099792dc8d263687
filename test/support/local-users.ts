import type { RunningProxy } from './proxy.ts'

/** Users of the store that may chat, and what stands on the wire when they do. */
export interface LocalUser {
  readonly name: string
  readonly password: string
  /** The value of `Authorization`. */
  readonly authorization: string
}

export async function addUser(proxy: RunningProxy, name: string, ...argv: readonly string[]): Promise<LocalUser> {
  const { code, stdout, stderr } = await proxy.command('users', 'add', name, '--generate', '--json', ...argv)
  if (code !== 0) throw new Error(stderr)
  const { password } = JSON.parse(stdout)
  return { name, password, authorization: basicOf(name, password) }
}

export const basicOf = (name: string, password: string): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
