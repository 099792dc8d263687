/** Users of the store: never the name of a directory. */
export const LOCAL = 'local'

/** Whose user a name is, and what that one calls the user. */
export interface Addressed {
  readonly source: string
  readonly username: string
}

/**
 * The one source that a user name belongs to, by its form alone: `NAME\user` and `NAME/user` to the source of that name, and
 * a plain name to the first directory, or to the store where there is none. Nobody else is asked, whatever that one answers.
 * Names compare exactly: what stands before a slash and is no source is a part of the user's name.
 *
 * The store is not asked whether it has the user. Who is asked would show in how long an answer takes, and with it which
 * names are users of the store; a new user of the store would get the passwords of a user of the directory; and a store on a
 * server answers later than a name has to be told from another.
 */
export function addressed(written: string, directories: readonly string[]): Addressed {
  const end = written.search(/[\\/]/)
  const source = end === -1 ? '' : written.slice(0, end)
  if (source === LOCAL || directories.includes(source)) return { source, username: written.slice(end + 1) }
  return { source: directories[0] ?? LOCAL, username: written }
}
