/** Somebody who can sign in at the demo's identity provider, with the claims of an access token. */
export interface Person {
  readonly about: string
  readonly claims: { readonly [claim: string]: unknown }
}

/** The ids are what the policy and the audit events call them. */
export const PEOPLE = {
  alice: {
    about: 'an analyst who signed in with a second factor',
    claims: { name: 'Alice', email: 'alice@example.org', groups: ['staff', 'analysts'], amr: ['pwd', 'otp', 'mfa'] },
  },
  bob: {
    about: 'an employee who signed in with a password',
    claims: { name: 'Bob', email: 'bob@example.org', groups: ['staff'], amr: ['pwd'] },
  },
  carol: {
    about: 'a guest without a role',
    claims: { name: 'Carol', email: 'carol@example.org', groups: ['guests'], amr: ['pwd'] },
  },
} as const satisfies { readonly [id: string]: Person }

export type PersonId = keyof typeof PEOPLE
export const PERSON_IDS = Object.keys(PEOPLE) as readonly PersonId[]
