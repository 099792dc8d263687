import type { PolicyOutline } from '../policy/outline.ts'
import { sameText } from './diff-same.ts'

/** Who holds each role, as texts: the roles that hold it, which API keys may carry, and their entries of `members`. */
export function holdersOf({ roles }: PolicyOutline): ReadonlyMap<string, ReadonlySet<string>> {
  const holders = new Map<string, Set<string>>([...roles.keys()].map((name) => [name, new Set()]))
  for (const [name, { holds, members }] of roles) {
    const texts = [`role ${name}`, ...members.map((member) => `member ${sameText(member)}`)]
    for (const held of holds) for (const text of texts) holders.get(held)?.add(text)
  }
  return holders
}

/** Each workspace and its members: which of several a request is in depends on all of them. */
export function workspacesText({ workspaces }: PolicyOutline): string {
  return sameText([...workspaces].map(([name, { members }]) => ({ name, members })))
}
