import { Type } from 'typebox'
import { METHODS } from '../model/identity.ts'
import { closed, text, word } from '../schema/parts.ts'

const textOrTexts = (description: string) =>
  Type.Union([Type.String({ description }), Type.Array(Type.String({ description: 'a name' }), { description })], {
    description,
  })

const flag = (description: string) => Type.Optional(Type.Boolean({ description }))
const names = (description: string) =>
  Type.Optional(Type.Array(Type.String({ description: 'a name' }), { description }))

const principal = closed('the caller; what is left out cannot be told', {
  user: Type.Optional(text('the id of the principal')),
  issuer: Type.Optional(text('who vouches for it, as in `members`')),
  groups: Type.Optional(textOrTexts('its groups: a list or one name')),
  roles: Type.Optional(
    textOrTexts('roles that the credential itself carries (an API key, a user of the store): a list or one name'),
  ),
  claims: Type.Optional(
    Type.Record(Type.String(), Type.Unknown({ description: 'a claim' }), { description: 'the raw claims, nested' }),
  ),
  workspace: Type.Optional(
    textOrTexts('the workspaces that the credential names: a list or one name; none when left out'),
  ),
  method: Type.Optional(word('how it was authenticated', METHODS)),
  mfa: flag('whether it showed several factors'),
  auth_time: Type.Optional(Type.Number({ minimum: 0, maximum: 1e12, description: 'when it signed in, epoch seconds' })),
  acr: Type.Optional(text('the authentication context of the credential')),
  key: Type.Optional(text('the id of the API key')),
})

const request = closed('what is asked for', {
  operation: text('the operation: chat, embeddings, models.list, …'),
  model: Type.Optional(text('the model; an alias is resolved')),
  stream: flag('whether a stream is asked for; false when left out'),
  max_output_tokens: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 1_000_000_000, description: 'the output tokens that are asked for' }),
  ),
  tools: Type.Optional(
    closed('the tools offered to the model; none when left out', {
      functions: names('names of functions'),
      hosted: names('tools that the provider runs'),
    }),
  ),
  input: Type.Optional(
    closed('what the request carries', {
      bytes: Type.Optional(
        Type.Integer({ minimum: 0, maximum: 1_000_000_000_000, description: 'the size of the body' }),
      ),
      images: flag('whether there are images'),
      files: flag('whether there are files'),
      audio: flag('whether there is audio'),
    }),
  ),
  headers: Type.Optional(
    Type.Record(Type.String(), Type.String({ description: 'a value' }), { description: 'headers of the request' }),
  ),
  urls: names('the hosts that URLs of the request name'),
  stored: flag('whether it goes on with something stored (an earlier response, a prompt); some operations always do'),
})

/** As `policy explain --json` has it under `shadow`; `none` for its null, which no file may hold. */
const shadowExpectation = Type.Union(
  [
    word('the shadow rules change nothing', ['none']),
    closed('what would be decided with the shadow rules enforced, where that differs', {
      effect: word('what would be decided', ['allow', 'deny', 'step_up']),
      rule: Type.Optional(text('the id of the rule that would decide')),
      reason: Type.Optional(text('the reason code')),
    }),
  ],
  { description: 'the verdict of the shadow rules such as `{ effect: deny, rule: ID }`, or `none`' },
)

/** One entry of `tests`: the same description as a line of `policy explain --batch`, and what is expected of it. */
export const testSchema = closed('one request, and what is expected of the policy for it', {
  name: text('what it shows, as a sentence'),
  as: principal,
  request,
  at: Type.Optional(text('when, as an ISO time with a zone; now when left out')),
  ip: Type.Optional(text("the client's address")),
  upstream: Type.Optional(text('the upstream that would serve it; the best outcome when left out')),
  expect: closed('the decision', {
    effect: word('what is decided', ['allow', 'deny', 'step_up']),
    rule: Type.Optional(text('the id of the rule that decides')),
    reason: Type.Optional(text('the reason code')),
    unmet: Type.Optional(
      Type.Array(text('`rule.condition`'), {
        uniqueItems: true,
        description: 'what must be among the unmet conditions',
      }),
    ),
    shadow: Type.Optional(shadowExpectation),
  }),
})
