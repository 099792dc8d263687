/** Why the demo cannot go on, for people; `code` is the exit code. Anything else that is thrown is a bug. */
export class DemoProblem extends Error {
  readonly code: number

  constructor(message: string, code: number) {
    super(message)
    this.code = code
  }
}

/** Imports a development dependency. Faults: a `DemoProblem` that says how to get it when it is not installed. */
export async function developmentPackage<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes(name)) throw error
    throw new DemoProblem(`the demo needs the development package \`${name}\`: run \`npm ci\` in a clone`, 2)
  }
}
