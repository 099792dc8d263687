/** One entry as a directory answered it. */
export interface LdapEntry {
  readonly dn: string
  /** By their names in small letters. What is not UTF-8 is left as bytes. */
  readonly attributes: ReadonlyMap<string, readonly (string | Buffer)[]>
}

/** The values of an attribute that are texts. */
export function textsOf({ attributes }: LdapEntry, name: string): readonly string[] {
  return (attributes.get(name.toLowerCase()) ?? []).filter((value) => typeof value === 'string')
}

export function firstText(entry: LdapEntry, name: string): string | undefined {
  return textsOf(entry, name)[0]
}

export function firstBytes({ attributes }: LdapEntry, name: string): Buffer | undefined {
  const [value] = attributes.get(name.toLowerCase()) ?? []
  return typeof value === 'string' ? Buffer.from(value) : value
}
