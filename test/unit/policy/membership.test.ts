import t from 'tap'
import { compileMembership } from '../../../src/policy/membership.ts'

const heldBy = compileMembership(
  new Map([
    ['b', { members: [{ group: 'g' }, { issuer: 'corp' }], includes: ['a'] }],
    ['a', {}],
    ['c', { members: [{ claim: { path: 'type', equals: 'x' } }] }],
  ]),
  new Map([
    ['research', { members: [{ group: 'g' }] }],
    ['finance', {}],
  ]),
)
const person = {
  id: 'u',
  issuer: 'corp',
  method: 'jwt',
  groups: ['g'],
  roles: [],
  workspaces: ['research'],
  claims: {},
  mfa: 'unknown',
  acr: undefined,
  authTime: undefined,
  key: null,
} as const

t.test('what is held for several reasons is held once', async (t) => {
  const { roleNames, roles, maybeRoles, workspaces, maybeWorkspaces } = heldBy(person)
  t.same(roleNames, ['a', 'b'])
  t.same([[...roles].sort(), [...maybeRoles]], [[0, 1], [2]])
  t.same([workspaces, maybeWorkspaces], [[0], []])
})

t.test('what is certain is not among what cannot be told', async (t) => {
  const { maybeRoles, workspaces, maybeWorkspaces } = heldBy({
    ...person,
    workspaces: undefined,
    claims: { type: 'x' },
  })
  t.same([...maybeRoles], [])
  t.same([workspaces, maybeWorkspaces], [[0], [1]])
})

t.test('a long list of groups is a list of groups', async (t) => {
  const many = Array.from({ length: 100 }, (_, index) => `g${index}`)
  const { roleNames, workspaces } = heldBy({ ...person, issuer: 'other', groups: [...many, ...many, 'g', 'g'] })
  t.same(roleNames, ['a', 'b'])
  t.same(workspaces, [0])
  t.same(heldBy({ ...person, issuer: 'other', groups: many, workspaces: [] }).roleNames, [])
})

t.test('what a principal holds is found once, and for another principal anew', async (t) => {
  t.equal(heldBy(person), heldBy(person))
  t.not(heldBy({ ...person }), heldBy(person))
})
