import { createInterface } from 'node:readline'
import type { ReadStream } from 'node:tty'
import type { CommandIo } from './command.ts'
import { Unusable } from './store-command.ts'

/** Asks for secrets: on a terminal with a prompt and without an echo, else line by line from stdin. Never by an argument. */
export interface SecretInput {
  readonly isTerminal: boolean
  /** Throws `Unusable` where the input ends before. */
  ask(prompt: string): Promise<string>
  close(): void
}

const ENDED = 'nothing was typed: nothing was changed'

export function openSecretInput(io: CommandIo): SecretInput {
  const { stdin } = io
  if (stdin === undefined) {
    return { isTerminal: false, ask: () => Promise.reject(new Unusable(ENDED)), close: () => undefined }
  }
  if (isTerminal(stdin)) {
    return { isTerminal: true, ask: (prompt) => askHidden(stdin, prompt, io), close: () => void stdin.pause() }
  }
  const lines = createInterface({ input: stdin, terminal: false, crlfDelay: Number.POSITIVE_INFINITY })
  const answers = lines[Symbol.asyncIterator]()
  return {
    isTerminal: false,
    ask: async () => {
      const { done, value } = await answers.next()
      if (done) throw new Unusable(ENDED)
      return value
    },
    close: () => lines.close(),
  }
}

function isTerminal(stdin: NodeJS.ReadableStream): stdin is ReadStream {
  return 'isTTY' in stdin && stdin.isTTY === true && 'setRawMode' in stdin
}

function askHidden(stdin: ReadStream, prompt: string, io: CommandIo): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed = ''
    const stop = () => {
      stdin.removeListener('data', read)
      stdin.setRawMode(false)
      stdin.pause()
      io.stderr.write('\n')
    }
    const read = (chunk: Buffer | string) => {
      for (const character of String(chunk)) {
        if (character === '\r' || character === '\n') {
          stop()
          resolve(typed)
          return
        }
        // Ctrl-C, and Ctrl-D: the terminal makes no signals of them now.
        if (character === '\u0003' || character === '\u0004') {
          stop()
          reject(new Unusable(ENDED))
          return
        }
        if (character === '\u007f' || character === '\b') typed = [...typed].slice(0, -1).join('')
        else typed += character
      }
    }
    stdin.setEncoding('utf8')
    // Before it is asked for: what is typed at once must not be shown either.
    stdin.setRawMode(true)
    io.stderr.write(prompt)
    stdin.on('data', read)
    stdin.resume()
  })
}
