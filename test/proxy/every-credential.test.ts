import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI, { type ClientOptions } from 'openai'
import t, { type Test } from 'tap'
import type { AuditLine } from '../support/audit-stream.ts'
import { noBrowser } from '../support/browser.ts'
import type { Pair } from '../support/certificates.ts'
import type { Held } from '../support/every-held.ts'
import { everyRow } from '../support/every-rows.ts'
import { SignIns } from '../support/every-sign-in.ts'
import { type EveryWorld, startEvery } from '../support/every-world.ts'
import { leaksOf } from '../support/leaks.ts'
import { TEXT } from '../support/model-answers.ts'
import { noSlapd } from '../support/slapd.ts'
import { endInOrder } from '../support/world.ts'

const missing = noSlapd() ?? noBrowser()
const messages = [{ role: 'user' as const, content: 'hello' }]

if (missing !== null) t.plan(0, missing)
else {
  t.test('every credential, at one running proxy', async (t) => {
    const world = await startEvery(t)
    writeFileSync(join(world.certificates.files.folder, 'authority.crt'), world.certificates.files.authority.cert)
    const caller = new Caller(world)
    for (const [name, held, who, twins] of await everyRow(world, new SignIns(t, world))) {
      for (const { token, authorization } of [held, ...twins.map(([, twin]) => twin)]) {
        if (token !== undefined) world.secrets.add(token)
        if (authorization !== undefined) world.secrets.add(authorization.replace(/^\w+ /, ''))
      }
      await t.test(name, async (t) => {
        for (const place of held.token === undefined || held.dpop
          ? [null]
          : (['bearer', 'x-api-key', 'api-key'] as const)) {
          const { outcome, event } = await caller.chat(held, place ?? 'bearer')
          t.equal(outcome, '200', place ?? name)
          t.same(whoOf(event), who, 'its event')
        }
        if (held.token !== undefined && !held.dpop) t.equal(await caller.message(held), TEXT, 'the Anthropic SDK')
        for (const [twin, wrong, outcome, method, issuer] of twins) {
          const told = await caller.chat({ ...held, ...wrong })
          t.equal(told.outcome, outcome, twin)
          t.same(whoOf(told.event).slice(0, 2), [method, issuer], `${twin}: its event`)
        }
      })
    }
    await signInEvents(t, world)
    await endInOrder(t, world)
    t.same(leaksOf(world.proxy.audit.text + world.proxy.stderr, world.secrets), [], 'no secret, however it is written')
    t.ok(world.secrets.size > 30, `${world.secrets.size} secrets were looked for`)
    const requests = world.proxy.audit.all().filter(({ stage }) => stage === 'decision')
    t.equal(requests.length, caller.count, 'each request was told of')
  })
}

const whoOf = (event: AuditLine) => [
  ...['sallyport.auth.method', 'sallyport.auth.issuer', 'user.id', 'sallyport.auth.mfa'].map((name) => event.get(name)),
]

/** As programs are told of a key: nothing of them is changed. */
function fromEnvironment(key: string, url: string, options: ClientOptions): OpenAI {
  Object.assign(process.env, { OPENAI_API_KEY: key, OPENAI_BASE_URL: url })
  try {
    return new OpenAI(options)
  } finally {
    delete process.env.OPENAI_API_KEY
    delete process.env.OPENAI_BASE_URL
  }
}

/** Who signed in and who did not, in order. What the pages write is all of it. */
async function signInEvents(t: Test, { proxy }: EveryWorld): Promise<void> {
  const lines = proxy.audit.all().filter(({ action }) => /^(sign-in|token-issued)/.test(action))
  const told = lines.map((line) => [
    line.action,
    ...['sallyport.auth.method', 'sallyport.auth.issuer', 'user.id', 'event.reason'].map((name) => line.get(name)),
  ])
  const inside = (method: string, issuer: string, user: string) => [
    ['sign-in-succeeded', method, issuer, user, undefined],
    ['token-issued', method, issuer, user, undefined],
  ]
  t.same(told, [
    ...inside('jwt', 'corp', 'alice'),
    ...inside('saml', 'adfs', 'sam@example.org'),
    ...inside('ldap', 'staff', 'lena'),
    ...inside('local', 'local', 'uma'),
    ['sign-in-failed', 'local', 'local', undefined, 'wrong_code'],
    ['sign-in-failed', 'ldap', 'staff', undefined, 'wrong_password'],
    ...inside('ldap', 'staff', 'lena'),
  ])
}

/** The official SDKs with what somebody holds. */
class Caller {
  readonly #world: EveryWorld
  readonly #senders = new Map<Pair | null, typeof fetch>()
  count = 0

  constructor(world: EveryWorld) {
    this.#world = world
  }

  async chat(held: Held, place: 'bearer' | 'x-api-key' | 'api-key' = 'bearer') {
    this.count += 1
    const { token = 'unused', authorization = null, dpop, model = 'gpt-4o-mini' } = held
    const send = this.#sender(held)
    const isBearer = place === 'bearer' && held.token !== undefined && !dpop
    const headers = isBearer ? {} : { Authorization: authorization, ...(place === 'bearer' ? {} : { [place]: token }) }
    const client = fromEnvironment(token, `${this.#world.url}/v1`, {
      ...{ maxRetries: 0, defaultHeaders: headers, fetch: dpop ? dpop.fetcher(token, send) : send },
    })
    const answer = await client.chat.completions
      .create({ model, messages })
      .withResponse()
      .catch((error) => error)
    const isRefusal = answer instanceof OpenAI.APIError
    if (!isRefusal && answer.data?.choices[0]?.message.content !== TEXT) throw answer
    const event = await this.#world.proxy.audit.decision(isRefusal ? answer.requestID : answer.request_id)
    const outcome = isRefusal ? [answer.status, answer.code, event.get('event.reason')].join(' ') : '200'
    return { outcome, event }
  }

  async message(held: Held): Promise<string> {
    this.count += 1
    const client = new Anthropic({
      ...{ baseURL: this.#world.url, apiKey: held.token ?? null, maxRetries: 0, fetch: this.#sender(held) },
    })
    const answer = await client.messages.create({ model: 'claude-small', max_tokens: 100, messages })
    const [block] = answer.content
    return block?.type === 'text' ? block.text : ''
  }

  #sender({ pair = null }: Held): typeof fetch {
    const send = this.#senders.get(pair) ?? this.#world.sender(pair)
    this.#senders.set(pair, send)
    return send
  }
}
