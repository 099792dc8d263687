import { type Static, type TObject, type TProperties, type TSchema, Type } from 'typebox'
import { DURATION_PATTERN, SIZE_PATTERN } from '../model/units.ts'

/** A closed object: a key that it does not list is an error, for editors and at load alike. */
export function closed<Properties extends TProperties>(
  description: string,
  properties: Properties,
): TObject<Properties> {
  return Type.Object(properties, { additionalProperties: false, description })
}

/** A member that may be left out; the type is that of the config after defaults, where it is always there. */
export function fallback<Schema extends TSchema>(schema: Schema, value: unknown): Schema {
  return Type.Optional(Type.Unsafe({ ...schema, default: value })) as unknown as Schema
}

/** The least and the most that a duration or size may be, in their written form. */
export interface Bounds {
  readonly least?: string
  readonly most?: string
}

/** The most that a timer of the platform can wait is a day more: a longer one would fire at once. */
const LONGEST_TIMER = '24d'

export function duration(description: string, bounds: Bounds = {}) {
  return Type.String({
    pattern: DURATION_PATTERN,
    description: bounded(description, bounds),
    patternErrorMessage: 'a duration such as `30s`, `5m` or `12h`',
    ...bounds,
  })
}

/** A duration that something waits for. */
export function timer(description: string, least = '1ms') {
  return duration(description, { least, most: LONGEST_TIMER })
}

export function size(description: string, bounds: Bounds = {}) {
  return Type.String({
    pattern: SIZE_PATTERN,
    description: bounded(description, bounds),
    patternErrorMessage: 'a size such as `512KiB` or `32MiB`',
    ...bounds,
  })
}

/** Editors know nothing of these bounds: the description says them. */
function bounded(description: string, { least, most }: Bounds): string {
  const from = least === undefined || least === '1ms' ? '' : `at least ${least}`
  const to = most === undefined ? '' : `at most ${most}`
  const words = [from, to].filter((word) => word !== '').join(', ')
  return words === '' ? description : `${description}; ${words}`
}

export function text(description: string) {
  return Type.String({ minLength: 1, maxLength: 2048, description })
}

export function texts(description: string) {
  return Type.Array(text('not empty'), { minItems: 1, uniqueItems: true, description })
}

/** The name of an issuer or upstream, as audit events carry it. */
export function identifier(description: string) {
  return Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
    description,
    patternErrorMessage: 'a name of letters, digits, `.`, `_` and `-` (at most 64)',
  })
}

/** One of several words. */
export function word<const Words extends readonly string[]>(description: string, words: Words) {
  return Type.Unsafe<Words[number]>({ type: 'string', enum: [...words], description })
}

export const SECRET_TITLE = 'secret reference'

/** Where a secret is to be found; never the secret itself. */
export const secretReference = Type.Union(
  [
    closed('an environment variable', { env: text('the name of the variable') }),
    closed('a file', { file: text('the path of the file, relative to this one') }),
  ],
  { title: SECRET_TITLE, description: 'a secret, by reference: `{ env: NAME }` or `{ file: PATH }`' },
)
export type SecretReference = Static<typeof secretReference>
