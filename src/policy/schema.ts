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
    issuer: Type.Optional(text('the configured name of the issuer; `api_keys` for keys of this proxy')),
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

const role = closed('a role; without members it is held by API keys that carry it', {
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

const rule = closed('one rule. A deny that matches wins over every allow; the order never matters', {
  id: Type.String({
    pattern: '^[^\\p{C}\\p{Zl}\\p{Zp}]+$',
    minLength: 1,
    maxLength: 128,
    description: 'its name in answers and audit events; unique in all files',
    patternErrorMessage: 'a name without control characters',
  }),
  effect: word('what it does when everything in it matches', ['allow', 'deny']),
  mode: Type.Optional(
    word('enforce: it decides, as it does when left out; shadow: what it would decide is audited, not applied', [
      'enforce',
      'shadow',
    ]),
  ),
  roles: Type.Optional(texts('for whom; everybody when left out')),
  workspaces: Type.Optional(texts('in which workspaces; a principal in none matches no rule that names some')),
  models: Type.Optional(texts('names, patterns and `@sets`; never an alias')),
  operations: Type.Optional(texts('operations such as `chat`, `files.*`, `models.list`; all when left out')),
  when: Type.Optional(
    Type.Object(conditionSchemas, {
      additionalProperties: false,
      minProperties: 1,
      description: 'conditions, all of which must hold; what cannot be told counts against the caller',
    }),
  ),
  reason: Type.Optional(text('why, for people: `policy explain` shows it as the note; callers never see it')),
})

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
  tests: Type.Optional(
    Type.Array(testSchema, { minItems: 1, description: 'requests and what is expected: `sallyport policy test`' }),
  ),
})

export type PolicyDocument = Static<typeof policySchema>
export type RuleDocument = Static<typeof rule>
export type RoleDocument = Static<typeof role>
export type WorkspaceDocument = Static<typeof workspace>
export type MemberDocument = Static<typeof member>
export type TestDocument = Static<typeof testSchema>
export type WhenDocument = NonNullable<RuleDocument['when']>
