import type { TSchema } from 'typebox'

/** A schema as the file that editors complete from and check against. */
export function editorSchema(title: string, schema: TSchema): string {
  const head = { $schema: 'http://json-schema.org/draft-07/schema#', title }
  return `${JSON.stringify({ ...head, ...schema }, null, 2)}\n`
}
