const MAX_LENGTH = 256

/**
 * The one spelling of a local user's name (Unicode's NFC); null for what no such user can be named: nothing, what is not
 * seen or moves the cursor (`\p{C}`), spaces other than single ones inside, and the signs that part a name from its source
 * or from a password.
 *
 * Does not tell letters of different scripts that look alike: `а` of Cyrillic is a name of its own.
 */
export function userName(written: string): string | null {
  if (written.length > 4 * MAX_LENGTH || !written.isWellFormed()) return null
  const name = written.normalize('NFC')
  if (name === '' || name.length > MAX_LENGTH || /[\p{C}\\/:]/u.test(name)) return null
  return /^\s|\s$|\s\s|[^\S ]/u.test(name) ? null : name
}
