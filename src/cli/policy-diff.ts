import { type CommandIo, EXIT } from './command.ts'

export async function run(_options: object, io: CommandIo): Promise<number> {
  io.stderr.write('error: `policy diff` is part of the contract but not built yet\n')
  return EXIT.unusable
}
