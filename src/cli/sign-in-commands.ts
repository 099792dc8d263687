import type { Command } from 'commander'
import { collect, described, type Invoke } from './describe-command.ts'

const URL_OPTION = ['--url <url>', 'the proxy; else the variable SALLYPORT_URL, else what the config says'] as const

/** Signing in from a terminal. */
export function addSignIn(program: Command, invoke: Invoke): void {
  described(
    program,
    'login',
    'sign in with a browser, on this machine or another one, and keep the token',
    `login --url https://llm.example
  $ sallyport login --url https://llm.example --provider corp --acr phr --max-age 0`,
  )
    .option(...URL_OPTION)
    .option('--provider <name>', 'who signs people in; chosen in the browser when absent')
    .option('--acr <value>', 'the kind of sign-in that is needed; may be repeated', collect)
    .option('--max-age <seconds>', 'how long ago it may have been; 0 for now')
    .option('--ca <file>', 'certificates (PEM) that are trusted in place of those of the system')
    .option('--json', 'print who has signed in as JSON; never the token')
    .action((options) => invoke('login', options))
  described(
    program,
    'token',
    'print the token of the last sign-in, renewed where it is about to end',
    'token --url https://llm.example\n  $ export OPENAI_API_KEY=$(sallyport token)',
  )
    .option(...URL_OPTION)
    .option('--json', 'print the token, its end, the proxy and the user as JSON')
    .action((options) => invoke('token', options))
  described(program, 'logout', 'end the sign-in at a proxy, and forget its token', 'logout --url https://llm.example')
    .option(...URL_OPTION)
    .option('--json', 'print whose sign-in it was, and whether the proxy has ended it, as JSON')
    .action((options) => invoke('logout', options))
}
