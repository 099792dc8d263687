import { CallEvents, makeCall, plannedCalls } from './calls.ts'
import { eventLine } from './event-line.ts'
import { createFolder, type DemoFolder } from './folder.ts'
import { startIdentityProvider } from './identity-provider.ts'
import { freeOr0 } from './loopback.ts'
import { startModelServer } from './model-server.ts'
import { PEOPLE, PERSON_IDS, type PersonId } from './people.ts'
import { type Environment, ProxyProcess } from './proxy-process.ts'
import { snippets } from './snippets.ts'
import { builtInUpstream, type DemoUpstream, realUpstream } from './upstream.ts'

const PROXY_PORT = 8080
const ADMIN_PORT = 8081

export interface DemoOptions {
  /** A real endpoint instead of the built-in model server. */
  readonly upstream: string | null
  /** Of the proxy; null takes the usual one when it is free. */
  readonly port: number | null
  readonly json: boolean
  readonly coloured: boolean
  readonly env: Environment
  readonly print: (text: string) => void
  readonly signal: AbortSignal
}

type Tokens = { readonly [person in PersonId]: string }

/** Everything that runs; each closer is called once at the end, the last opened first. */
interface Stage {
  readonly closers: (() => void | Promise<void>)[]
}

interface Running {
  readonly proxy: ProxyProcess
  readonly folder: DemoFolder
  readonly upstream: DemoUpstream
  readonly issuer: string
  readonly tokens: Tokens
  readonly baseUrl: string
}

/**
 * Runs the demo until `signal` aborts; then everything that it started is gone, its folder included.
 * Faults: throws a `DemoProblem` when something cannot start or the proxy dies.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const stage: Stage = { closers: [] }
  const asked = new Promise<'asked'>((resolve) => {
    if (options.signal.aborted) resolve('asked')
    options.signal.addEventListener('abort', () => resolve('asked'), { once: true })
  })
  try {
    await Promise.race([asked, play(options, stage)])
  } finally {
    for (const close of stage.closers.reverse()) await close()
  }
}

async function play(options: DemoOptions, stage: Stage): Promise<never> {
  const running = await start(options, stage)
  const show = options.json ? playJson : playText
  await Promise.race([show(options, running), running.proxy.gone])
  await running.proxy.gone
  // An asked-for end is handled by whoever asked.
  if (running.proxy.isStopping) return new Promise<never>(() => undefined)
  throw running.proxy.death('the proxy ended by itself')
}

async function start(options: DemoOptions, stage: Stage): Promise<Running> {
  const opened = <Opened extends { close(): Promise<void> }>(server: Opened): Opened => {
    stage.closers.push(() => server.close())
    options.signal.throwIfAborted()
    return server
  }
  const [provider, upstream, proxyPort, adminPort] = await Promise.all([
    startIdentityProvider().then(opened),
    options.upstream === null
      ? startModelServer().then((server) => builtInUpstream(opened(server).url, server.key))
      : realUpstream(options.upstream, options.env.OPENAI_API_KEY || null),
    options.port === null ? freeOr0(PROXY_PORT) : options.port,
    options.port === null ? freeOr0(ADMIN_PORT) : 0,
  ])
  options.signal.throwIfAborted()
  const folder = createFolder({ proxyPort, adminPort, issuer: provider.issuer, upstream })
  const proxy = new ProxyProcess(folder, upstream.key, options.env)
  stage.closers.push(atEnd(folder, proxy))
  const [tokens] = await Promise.all([tokensOf(provider.token), proxy.started()])
  const baseUrl = `http://127.0.0.1:${proxy.port}/v1`
  return { proxy, folder, upstream, issuer: provider.issuer, tokens, baseUrl }
}

/** Also for an end that nobody awaits, a bug for example: neither the process nor the folder stays behind. */
function atEnd(folder: DemoFolder, proxy: ProxyProcess): () => Promise<void> {
  const atExit = () => {
    proxy.child.kill('SIGKILL')
    folder.remove()
  }
  process.once('exit', atExit)
  return async () => {
    await proxy.stop()
    folder.remove()
    process.removeListener('exit', atExit)
  }
}

async function tokensOf(token: (person: PersonId) => Promise<string>): Promise<Tokens> {
  const entries = await Promise.all(PERSON_IDS.map(async (person) => [person, await token(person)] as const))
  return Object.fromEntries(entries) as Tokens
}

async function playText({ print, coloured }: DemoOptions, running: Running): Promise<void> {
  const { proxy, folder, upstream, issuer, tokens, baseUrl } = running
  const events = new CallEvents(proxy)
  print(`Sallyport listens on ${baseUrl}, in front of ${upstream.about}.\n\n`)
  for (const [index, call] of plannedCalls(upstream.small, upstream.large).entries()) {
    print(`${index + 1}. ${call.name}: ${call.title}\n   the SDK got: `)
    const made = await makeCall(call, baseUrl, tokens[call.person], print)
    print(`\n   status ${made.status}${made.code === null ? '' : `, code ${made.code}`}; its audit events:\n`)
    for (const event of await events.of(made.requestId)) print(`   ${eventLine(event, coloured)}\n`)
    print('\n')
  }
  print('People, and their tokens (good for an hour):\n\n')
  for (const person of PERSON_IDS) print(`  ${person}, ${PEOPLE[person].about}:\n  ${tokens[person]}\n\n`)
  print(`Call it as bob.\n\n${snippets(baseUrl, tokens.bob, upstream.small)}\n`)
  print(`Identity provider  ${issuer}\nHealth, metrics    http://127.0.0.1:${proxy.adminPort}/readyz, /metrics\n`)
  print(
    `Config             ${folder.config}\nPolicy             ${folder.policy}\nAudit events       ${folder.audit}\n\n`,
  )
  print(
    'Edit the policy and call again: it takes effect at once. Ctrl-C ends everything.\n\nAudit events as they come:\n',
  )
  proxy.onEvent = (event) => print(`${eventLine(event, coloured)}\n`)
}

async function playJson({ print }: DemoOptions, running: Running): Promise<void> {
  const { proxy, folder, upstream, issuer, tokens, baseUrl } = running
  const events = new CallEvents(proxy)
  const calls = []
  for (const call of plannedCalls(upstream.small, upstream.large)) {
    const { status, requestId, code, text } = await makeCall(call, baseUrl, tokens[call.person], () => undefined)
    const { name, person, model, stream } = call
    calls.push({
      name,
      person,
      model,
      stream,
      status,
      code,
      text,
      request_id: requestId,
      events: await events.of(requestId),
    })
  }
  proxy.onEvent = () => undefined
  const document = {
    base_url: baseUrl,
    admin_url: `http://127.0.0.1:${proxy.adminPort}`,
    issuer,
    tokens,
    models: { small: upstream.small, large: upstream.large },
    pid: { demo: process.pid, proxy: proxy.child.pid },
    config: folder.config,
    policy: folder.policy,
    audit: folder.audit,
    calls,
  }
  print(`${JSON.stringify(document)}\n`)
}
