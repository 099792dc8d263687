/** What the tests of transforms are about: a policy that they are put into. */
export const known = { issuers: ['corp'], upstreams: [] }
export const base = {
  version: 1,
  roles: { staff: { members: [{ group: 'staff' }] }, typed: { members: [{ claim: { path: 'type', equals: 'a' } }] } },
  models: { small: ['m*'] },
  aliases: { fast: 'm1' },
  workspaces: { one: { members: [{ group: 'one' }] }, two: {} },
  rules: [{ id: 'all', effect: 'allow' }],
}
/** The commonest transform. */
export const cap = { max_output_tokens: 100 }
