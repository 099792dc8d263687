import { execFile } from 'node:child_process'
import { runCli } from './cli.ts'

export interface Ran {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

/**
 * What a terminal would show: each command behind `$ ` (its further lines behind `> `), then what it said on stdout, on
 * stderr (behind `! `), and `[code]` where it did not end with 0. Answers the text again, with what the commands say now.
 * What stands above the first command stays, and so do remarks: `$ # why`.
 */
export async function replayed(text: string, run: (line: string) => Promise<Ran>): Promise<string> {
  const [head = '', ...blocks] = `\n${text}`.split(/\n(?=\$ )/)
  let shown = head.trim()
  let gap = shown === '' ? '' : '\n\n'
  for (const block of blocks) {
    const written = commandOf(block)
    const line = written.map((part) => part.slice(2)).join('\n')
    const isRemark = line.startsWith('# ')
    shown += gap + [...written, ...(isRemark ? [] : said(await run(line)))].join('\n')
    // A remark stands right above what it is about.
    gap = isRemark ? '\n' : '\n\n'
  }
  return `${shown}\n`
}

/** The lines of a block that are its command. */
function commandOf(block: string): string[] {
  const lines = block.split('\n')
  const end = lines.findIndex((line, index) => index > 0 && line !== '>' && !line.startsWith('> '))
  return end === -1 ? lines : lines.slice(0, end)
}

function said({ stdout, stderr, code }: Ran): string[] {
  return [
    ...linesOf(stdout),
    ...linesOf(stderr).map((line) => `! ${line}`.trimEnd()),
    ...(code === 0 ? [] : [`[${code}]`]),
  ]
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}

/** The commands of a text like the above. */
export function commandsOf(text: string): string[] {
  const blocks = `\n${text}`.split(/\n(?=\$ )/).slice(1)
  return blocks.map((block) =>
    commandOf(block)
      .map((part) => part.slice(2))
      .join('\n'),
  )
}

/** Runs `sallyport …` in this process and every other line in a shell, in a folder. */
export function runnerIn(cwd: string): (line: string) => Promise<Ran> {
  return (line) => (/^sallyport(?:\s|$)/.test(line) ? runHere(wordsOf(line).slice(1), cwd) : runShell(line, cwd))
}

async function runHere(argv: readonly string[], cwd: string): Promise<Ran> {
  const { code, out: stdout, err: stderr } = await runCli(argv, cwd)
  return { code, stdout, stderr }
}

function runShell(line: string, cwd: string): Promise<Ran> {
  return new Promise((resolve) => {
    execFile('/bin/sh', ['-c', line], { cwd, timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ stdout, stderr, code: typeof error?.code === 'number' ? error.code : error ? -1 : 0 })
    })
  })
}

/** The words of a command line as a shell reads them: quotes, a backslash at the end of a line, and nothing else. */
export function wordsOf(line: string): string[] {
  const words = line.replaceAll('\\\n', ' ').matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)
  return [...words].map(([word]) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, single, double) => single ?? double))
}
