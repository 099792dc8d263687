import { ownValue } from '../../model/json.ts'
import type { PageAnswer } from '../../model/sign-in.ts'
import { type Html, html } from '../sign-in/html.ts'
import type { OwnRoute, Visit } from '../sign-in/parts.ts'
import type { PageFrame } from '../sign-in/purpose.ts'
import type { Admission } from '../throttle.ts'
import { noteGuesses } from './issuing.ts'
import type { Asking, OwnCodes } from './own-codes.ts'
import type { DevicePorts } from './ports.ts'
import { readUserCode, shownUserCode } from './user-code.ts'

const PATH = '/auth/device'
const CONFIRMATION = 'device-confirmation'
/** As long as a code lives. Milliseconds. */
const CONFIRM_MS = 600_000
const NOTHING_MORE = 'You can close this page.'

type PagePorts = Pick<DevicePorts, 'issuer' | 'sealer' | 'throttle' | 'audit'>

/**
 * The page on which a person types the code that a terminal shows, sees who asks, says that it is theirs, and only then signs
 * in (RFC 8628 section 3.3). A link with a code in it saves the typing, never the question.
 */
export function devicePages(ports: PagePorts, own: OwnCodes, frame: PageFrame): readonly OwnRoute[] {
  const pages = new DevicePages(ports, own, frame)
  return [
    { method: 'GET', path: PATH, handle: (visit) => pages.ask(visit.query.get('user_code') ?? '') },
    { method: 'POST', path: PATH, handle: (visit) => pages.answer(visit) },
  ]
}

class DevicePages {
  readonly #ports: PagePorts
  readonly #own: OwnCodes
  readonly #frame: PageFrame

  constructor(ports: PagePorts, own: OwnCodes, frame: PageFrame) {
    this.#ports = ports
    this.#own = own
    this.#frame = frame
  }

  /** The page that asks for the code. */
  async ask(typed: string, notice: Notice | null = null): Promise<PageAnswer> {
    const form = await this.#frame.openForm()
    if (form === null) return this.#unusable()
    // Nothing of a link but a code, and its letters alone: the page repeats nobody's text.
    const code = readUserCode(typed)
    const shown = code.ok ? shownUserCode(code.value) : ''
    const described = notice && html` aria-describedby="alert"`
    const invalid = notice === WRONG ? html` aria-invalid="true"` : null
    const body = html`${notice && html`<p class="alert" role="alert" id="alert">${notice.says}</p>`}
<p>Type the code that your terminal shows.</p>
<form method="post" action="${this.#frame.url}${PATH}">
${form.field}
<label for="user_code">Code</label>
<input class="code" id="user_code" name="user_code" value="${shown}" required autofocus autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="64"${described}${invalid}>
<button type="submit">Continue</button>
</form>`
    const headers = [...form.headers, ...(notice?.headers ?? [])]
    return this.#frame.page({
      title: 'Sign in a terminal',
      status: notice?.status ?? 200,
      isAlert: notice !== null,
      body,
      headers,
      formsTo: "'self'",
    })
  }

  async answer(visit: Visit): Promise<PageAnswer> {
    if (!(await this.#frame.isOurs(visit))) return this.ask('', OVER)
    const decision = visit.form.get('decision')
    return decision === undefined ? this.#typed(visit) : this.#decided(visit, decision)
  }

  async #typed(visit: Visit): Promise<PageAnswer> {
    const { throttle } = this.#ports
    const admission: Admission = throttle.begin(`device\n${visit.client}`, visit.client)
    if (admission === 'busy') return this.ask('', waiting(1))
    if ('waitMs' in admission) return this.ask('', waiting(Math.ceil(admission.waitMs / 1000)))
    const { attempt } = admission
    try {
      const code = readUserCode(visit.form.get('user_code') ?? '')
      const asking = code.ok ? await this.#own.find(code.value, visit.now) : code
      // A right one takes nothing back: who has a code of their own could guess on for ever.
      if (code.ok && asking.ok) return await this.#confirm(code.value, asking.value, visit.now)
      if (asking.ok || asking.fault === 'unavailable') return this.#unusable()
      noteGuesses(this.#ports, attempt.failed(false), visit)
      return await this.ask('', WRONG)
    } finally {
      attempt.ended()
    }
  }

  /** The page that shows who asks. What it says was shown is sealed into its form: nothing goes on without it. */
  async #confirm(code: string, asking: Asking, now: number): Promise<PageAnswer> {
    const form = await this.#frame.openForm()
    const sealed = await this.#ports.sealer.seal(CONFIRMATION, { code, device: asking.device }, now + CONFIRM_MS)
    if (form === null || !sealed.ok) return this.#unusable()
    const body = html`<p>A terminal asks to use the API in your name.</p>
<dl>
<dt>Code</dt><dd><strong>${shownUserCode(code)}</strong></dd>
<dt>Asked from</dt><dd>${asking.client === '' ? 'an unknown address' : asking.client}</dd>
<dt>Asked at</dt><dd>${timeText(asking.askedAt)} (${agoText(now - asking.askedAt)})</dd>
${wishText(asking)}
</dl>
<p class="alert" role="alert">Go on only if you have just begun this yourself and your terminal shows this code. If somebody sent you the code or the link, refuse: they would use the API as you.</p>
<form method="post" action="${this.#frame.url}${PATH}">
${form.field}
<input type="hidden" name="asked" value="${sealed.value}">
<button type="submit" name="decision" value="go">It is my terminal: sign in</button>
<button class="plain" type="submit" name="decision" value="refuse">Refuse</button>
</form>`
    return this.#frame.page({ title: 'Is this your terminal?', body, headers: form.headers, formsTo: "'self'" })
  }

  async #decided(visit: Visit, decision: string): Promise<PageAnswer> {
    const opened = await this.#ports.sealer.open(CONFIRMATION, visit.form.get('asked') ?? '')
    if (!opened.ok && opened.fault === 'unavailable') return this.#unusable()
    const [code, device] = ['code', 'device'].map((name) => (opened.ok ? ownValue(opened.value, name) : undefined))
    if (typeof code !== 'string' || typeof device !== 'string') return this.ask('', OVER)
    const asking = await this.#own.find(code, visit.now)
    if (!asking.ok && asking.fault === 'unavailable') return this.#unusable()
    // It is the same terminal that was shown: by now the code could be another one's.
    if (!asking.ok || asking.value.device !== device) return this.ask('', OVER)
    if (decision === 'refuse') return this.#refuse(device, visit.now)
    if (decision !== 'go') return this.ask('', OVER)
    const { acrValues, maxAge, provider } = asking.value.wish
    return this.#frame.signInFor({ kind: 'device', userCode: shownUserCode(code), provider }, { acrValues, maxAge })
  }

  async #refuse(device: string, now: number): Promise<PageAnswer> {
    const decided = await this.#own.decide(device, null, now)
    if (!decided.ok) return decided.fault === 'unavailable' ? this.#unusable() : this.ask('', OVER)
    return this.#frame.page({
      title: 'Refused',
      body: html`<p>The terminal gets nothing. ${NOTHING_MORE}</p>`,
    })
  }

  #unusable(): PageAnswer {
    return this.#frame.page({
      title: 'Not possible right now',
      status: 503,
      body: html`<p>Signing a terminal in is not possible right now. Try again in a moment.</p>`,
      headers: ['retry-after', '5'],
    })
  }
}

interface Notice {
  readonly status: number
  readonly says: string
  readonly headers?: readonly string[]
}

/** The same for a code that never was, is over, or was used. */
const WRONG: Notice = {
  status: 400,
  says: 'This code is not right, or not valid any more. Look at your terminal again.',
}
const OVER: Notice = { status: 400, says: 'This page is too old, or of another browser. Type the code again.' }

function waiting(seconds: number): Notice {
  const says = `There were too many wrong codes. Wait ${seconds} second${seconds === 1 ? '' : 's'}, then try again.`
  return { status: 429, says, headers: ['retry-after', String(seconds)] }
}

function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

function agoText(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  return minutes < 1 ? 'less than a minute ago' : minutes === 1 ? 'a minute ago' : `${minutes} minutes ago`
}

function wishText({ wish: { provider } }: Asking): Html | null {
  return provider === null ? null : html`<dt>Wants you to sign in with</dt><dd>${provider}</dd>`
}
