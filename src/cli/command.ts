/** What a command may touch of its process. Everything that it prints and reads goes through here. */
export interface CommandIo {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  readonly stdin?: NodeJS.ReadableStream
  /** Takes over SIGHUP, SIGTERM and SIGINT; told of those that came before, too. Only where a command has asked early. */
  readonly onSignal?: ((take: (signal: string) => void) => void) | undefined
  readonly env: { readonly [name: string]: string | undefined }
  readonly cwd: string
}

/** 0 done, 1 the answer is "no", 2 unusable arguments or files, 70 a bug of the program itself. */
export const EXIT = { done: 0, no: 1, unusable: 2, internal: 70 } as const

/** Options that every command has. */
export interface CommonOptions {
  readonly config: string
  readonly json?: boolean
}
