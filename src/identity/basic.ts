/** Users of the store: never the name of a directory. */
const LOCAL = 'local'

/** Whose user a name is, and what that one calls the user. */
export interface Addressed {
  readonly source: string
  readonly username: string
}

/** Who may be asked about users: directories in their order, and whether the store has a user of a name. */
export interface Sources {
  readonly directories: readonly string[]
  readonly isLocalUser: ((username: string) => boolean) | null
}

/**
 * The one source that a user name belongs to, by its form: `NAME\user` and `NAME/user` to the source of that name, and a plain
 * name to the store where that has it, else to the first directory, else to the store. Nobody else is asked, whatever that
 * one answers. Names compare exactly: what stands before a slash and is no source is a part of the user's name.
 */
export function addressed(written: string, { directories, isLocalUser }: Sources): Addressed {
  const end = written.search(/[\\/]/)
  const source = end === -1 ? '' : written.slice(0, end)
  if (source === LOCAL || directories.includes(source)) return { source, username: written.slice(end + 1) }
  const [first] = directories
  const isLocal = first === undefined || (isLocalUser?.(written) ?? false)
  return { source: isLocal ? LOCAL : first, username: written }
}
