/**
 * Why PostgreSQL cannot be used, in words for people that hold nothing of what is in it and no password. `isPassing`: it
 * may be another try later that succeeds, with nobody mending anything here.
 */
export class PostgresFault extends Error {
  readonly code: string
  readonly isPassing: boolean

  constructor(code: string, message: string, isPassing: boolean) {
    super(message)
    this.name = 'PostgresFault'
    this.code = code
    this.isPassing = isPassing
  }
}
