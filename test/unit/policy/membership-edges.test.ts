import t from 'tap'
import type { PolicyPrincipal } from '../../../src/model/decision.ts'
import { compileMembership } from '../../../src/policy/membership.ts'
import type { MemberDocument } from '../../../src/policy/schema.ts'
import { plain } from '../../property/scale-policies.ts'

const claim = { path: 'type', equals: 'staff' }
const person = (more: Partial<PolicyPrincipal>): PolicyPrincipal => ({
  ...plain.principal,
  groups: [],
  claims: {},
  ...more,
})

/** `yes`, `no` or `unknown`: whether an entry gives its role. */
function answer(member: MemberDocument, principal: PolicyPrincipal): string {
  const held = compileMembership(new Map([['r', { members: [member] }]]), new Map())(principal)
  return held.roles.has(0) ? 'yes' : held.maybeRoles.has(0) ? 'unknown' : 'no'
}

const table: readonly (readonly [MemberDocument, Partial<PolicyPrincipal>, string])[] = [
  [{ issuer: 'corp' }, { issuer: 'corp' }, 'yes'],
  [{ issuer: 'corp' }, { issuer: 'other' }, 'no'],
  [{ issuer: 'corp' }, { issuer: undefined }, 'unknown'],
  [{ user: 'bob' }, { id: 'bob' }, 'yes'],
  [{ user: 'bob' }, { id: 'alice' }, 'no'],
  [{ user: 'bob' }, { id: undefined }, 'unknown'],
  [{ key: 'k' }, { key: 'k' }, 'yes'],
  [{ key: 'k' }, { key: 'l' }, 'no'],
  [{ key: 'k' }, { key: null }, 'no'],
  [{ group: 'g' }, { groups: ['f', 'g'] }, 'yes'],
  [{ group: 'g' }, { groups: ['f'] }, 'no'],
  [{ group: 'g' }, { groups: undefined }, 'unknown'],
  [{ claim }, { claims: { type: 'staff' } }, 'yes'],
  [{ claim }, { claims: { type: 'guest' } }, 'no'],
  [{ claim }, {}, 'unknown'],
  [{ issuer: 'corp', user: 'bob' }, { issuer: 'other', id: 'bob' }, 'no'],
  [{ issuer: 'corp', user: 'bob' }, { issuer: 'corp', id: 'bob' }, 'yes'],
  [{ user: 'bob', key: 'k' }, { id: 'bob', key: 'l' }, 'no'],
  [{ user: 'bob', key: 'k' }, { id: 'bob', key: 'k' }, 'yes'],
  [{ user: 'bob', group: 'g' }, { id: 'bob', groups: [] }, 'no'],
  [{ user: 'bob', group: 'g' }, { id: 'bob', groups: undefined }, 'unknown'],
  [{ key: 'k', group: 'g' }, { key: 'k', groups: ['g'] }, 'yes'],
  [{ key: 'k', group: 'g' }, { key: 'k', groups: ['f'] }, 'no'],
  [{ group: 'g', claim }, { groups: ['g'], claims: { type: 'staff' } }, 'yes'],
  [{ group: 'g', claim }, { groups: ['g'], claims: { type: 'guest' } }, 'no'],
  [{ group: 'g', claim }, { groups: ['g'] }, 'unknown'],
  [{ issuer: 'corp', claim }, { issuer: 'other' }, 'no'],
  [{ issuer: 'corp', group: 'g' }, { issuer: undefined, groups: ['g'] }, 'unknown'],
  [{ issuer: 'corp', group: 'g' }, { issuer: 'corp', groups: undefined }, 'unknown'],
]

for (const [member, principal, wanted] of table) {
  t.test(`${JSON.stringify(member)} of ${JSON.stringify(principal)}: ${wanted}`, async (t) => {
    t.equal(answer(member, person(principal)), wanted)
  })
}

t.test('a role that one entry gives and another cannot tell is held for certain only', async (t) => {
  const roles = new Map([
    ['a', { members: [{ group: 'g' }, { claim }], includes: ['b'] }],
    ['b', {}],
    ['c', { members: [{ claim }], includes: ['b', 'd'] }],
    ['d', {}],
  ])
  const { roles: certain, maybeRoles, roleNames } = compileMembership(roles, new Map())(person({ groups: ['g'] }))
  t.same(
    [[...certain], [...maybeRoles], roleNames],
    [
      [0, 1],
      [2, 3],
      ['a', 'b'],
    ],
  )
})

t.test('names of roles are sorted, whatever the order of the policy', async (t) => {
  const roles = new Map(['c', 'a', 'b'].map((name) => [name, { members: [{ issuer: 'corp' }] }]))
  t.same(compileMembership(roles, new Map())(person({})).roleNames, ['a', 'b', 'c'])
})

t.test('a credential that carries a role holds what it includes, too, and nothing that there is not', async (t) => {
  const roles = new Map([
    ['a', { includes: ['b'] }],
    ['b', { includes: ['c'] }],
    ['c', {}],
  ])
  const held = compileMembership(roles, new Map())(person({ roles: ['a', 'constructor'] }))
  t.same(held.roleNames, ['a', 'b', 'c'])
})

t.test('workspaces: certain by a member or a claim, unknown where the credential cannot tell', async (t) => {
  const workspaces = new Map([
    ['w', { members: [{ group: 'g' }] }],
    ['x', { members: [{ claim }] }],
    ['y', {}],
  ])
  const inside = (principal: Partial<PolicyPrincipal>) => {
    const held = compileMembership(new Map(), workspaces)(person(principal))
    return [[...held.workspaces].sort(), [...held.maybeWorkspaces].sort()]
  }
  t.same(inside({}), [[], [1]])
  t.same(inside({ groups: ['g'] }), [[0], [1]])
  t.same(inside({ groups: ['g'], workspaces: ['y', 'w', 'z'] }), [[0, 2], [1]])
  t.same(inside({ workspaces: undefined }), [[], [0, 1, 2]])
  t.same(inside({ workspaces: undefined, groups: ['g'], claims: { type: 'staff' } }), [[0, 1], [2]])
  t.same(inside({ groups: undefined, claims: { type: 'guest' } }), [[], [0]])
})
