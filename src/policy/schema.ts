import { type Static, type TSchema, Type } from 'typebox'
import { closed, text, texts, word } from '../schema/parts.ts'
import { claimTestSchema } from './claim-path.ts'
import { CONDITIONS } from './conditions/index.ts'
import { testSchema } from './described-schema.ts'

type ConditionKeys = { [Name in keyof typeof CONDITIONS]: (typeof CONDITIONS)[Name]['schema'] }

const conditionSchemas = Object.fromEntries(
  Object.entries(CONDITIONS).map(([name, { schema }]) => [name, Type.Optional(schema as TSchema)]),
) as unknown as { [Name in keyof ConditionKeys]: ReturnType<typeof Type.Optional<ConditionKeys[Name]>> }

const member = Type.Object(
  {
    issuer: Type.Optional(
      text(
        'who vouches: the configured name of an issuer, a directory or a SAML provider; `local` for users of the store, `mtls` for client certificates, `api_keys` for keys of this proxy',
      ),
    ),
    group: Type.Optional(text('a group of the principal')),
    user: Type.Optional(text("the principal's id, nothing else")),
    key: Type.Optional(text('the id of an API key')),
    claim: Type.Optional(claimTestSchema),
  },
  { additionalProperties: false, minProperties: 1, description: 'who; all keys of one entry must match' },
)

const members = Type.Optional(
  Type.Array(member, { minItems: 1, description: 'who belongs to it: any entry that matches is enough' }),
)

const role = closed('a role; without members it is held by API keys and users of the store that carry it', {
  members,
  includes: Type.Optional(texts('roles that are held, too, by who holds this one')),
})

const workspace = closed(
  'a workspace. A request has the one of which its principal is a member, by `members` or because its credential names ' +
    'it; with several, the header `OpenAI-Project` names one of them, else the request is refused',
  {
    members,
    labels: Type.Optional(
      Type.Record(Type.String(), text('the value of the label'), {
        description: 'labels, for people: nothing reads them yet',
      }),
    ),
  },
)

const identifying = Type.String({
  pattern: '^[^\\p{C}\\p{Zl}\\p{Zp}]+$',
  minLength: 1,
  maxLength: 128,
  description: 'its name in answers and audit events; unique in all files',
  patternErrorMessage: 'a name without control characters',
})

const selectors = {
  roles: Type.Optional(texts('for whom; everybody when left out')),
  workspaces: Type.Optional(texts('in which workspaces; a principal in none matches no rule that names some')),
  models: Type.Optional(texts('names, patterns and `@sets`; never an alias')),
  operations: Type.Optional(texts('operations such as `chat`, `files.*`, `models.list`; all when left out')),
}

const rule = closed('one rule. A deny that matches wins over every allow; the order never matters', {
  id: identifying,
  effect: word('what it does when everything in it matches', ['allow', 'deny']),
  mode: Type.Optional(
    word('enforce: it decides, as it does when left out; shadow: what it would decide is audited, not applied', [
      'enforce',
      'shadow',
    ]),
  ),
  ...selectors,
  when: Type.Optional(
    Type.Object(conditionSchemas, {
      additionalProperties: false,
      minProperties: 1,
      description: 'conditions, all of which must hold; what cannot be told counts against the caller',
    }),
  ),
  reason: Type.Optional(text('why, for people: `policy explain` shows it as the note; callers never see it')),
})

const setting = Type.Object(
  {
    max_output_tokens: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000_000,
        description:
          'a cap on the output tokens: a limit above it is lowered, and one is set where the client set none',
      }),
    ),
    temperature: Type.Optional(Type.Number({ minimum: 0, maximum: 2, description: 'the sampling temperature' })),
    top_p: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'the nucleus of sampling' })),
    seed: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 2_147_483_647, description: 'for answers that can be had again' }),
    ),
    store: Type.Optional(Type.Boolean({ description: 'whether the provider may keep the answer' })),
    parallel_tool_calls: Type.Optional(Type.Boolean({ description: 'whether several tools may be called at once' })),
    service_tier: Type.Optional(
      word('the service tier of the provider', ['auto', 'default', 'flex', 'scale', 'priority']),
    ),
    safety_identifier: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'who the end user is' })),
    user: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'the older name of the same' })),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    description: 'members of the body and the values that they are given, each under its name in the operation',
  },
)

const transform = closed(
  'what is done to requests that are allowed; what cannot be told about a request applies it. Of several, the lowest ' +
    '`max_output_tokens` and `store: false` stand, and else the last one by `id`',
  {
    id: identifying,
    ...selectors,
    set: Type.Optional(setting),
    system: Type.Optional(
      closed('what the model reads before everything else', {
        prepend: Type.String({
          minLength: 1,
          maxLength: 16_384,
          description: 'a system message before those of `chat`, or the beginning of the `instructions` of `responses`',
        }),
      }),
    ),
  },
)

const named = <Schema extends TSchema>(schema: Schema, description: string) =>
  Type.Optional(Type.Record(Type.String(), schema, { description }))

/** One policy file. The one source of its types, its check at load and the schema for editors. */
export const policySchema = closed('a policy of Sallyport; several files are one policy, in any order', {
  version: Type.Literal(1, { description: 'of this format' }),
  roles: named(role, 'roles by name'),
  models: named(texts('names, patterns and other `@sets`'), 'sets of models by name, used as `@name`'),
  aliases: named(text('the model that it stands for'), 'what clients may call a model; resolved before anything else'),
  workspaces: named(workspace, 'workspaces by name'),
  rules: Type.Optional(
    Type.Array(rule, { minItems: 1, description: 'what is allowed and denied; nothing by default' }),
  ),
  transforms: Type.Optional(
    Type.Array(transform, { minItems: 1, description: 'what is done to the bodies of requests that are allowed' }),
  ),
  tests: Type.Optional(
    Type.Array(testSchema, { minItems: 1, description: 'requests and what is expected: `sallyport policy test`' }),
  ),
})

export type PolicyDocument = Static<typeof policySchema>
export type RuleDocument = Static<typeof rule>
export type TransformDocument = Static<typeof transform>
export type RoleDocument = Static<typeof role>
export type WorkspaceDocument = Static<typeof workspace>
export type MemberDocument = Static<typeof member>
export type TestDocument = Static<typeof testSchema>
export type WhenDocument = NonNullable<RuleDocument['when']>
