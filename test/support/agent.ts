/** A browser as the attacks need one: it does what it is told, and keeps cookies. */
export class Agent {
  readonly #url: string
  readonly cookies = new Map<string, string>()

  constructor(url: string) {
    this.#url = url
  }

  async get(target: string, headers: Record<string, string> = {}): Promise<AgentAnswer> {
    return this.#send(target, { headers })
  }

  async post(
    target: string,
    form: Record<string, string> | string,
    headers: Record<string, string> = {},
  ): Promise<AgentAnswer> {
    const body = typeof form === 'string' ? form : new URLSearchParams(form).toString()
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    return this.#send(target, { method: 'POST', body, headers: { ...type, origin: this.#url, ...headers } })
  }

  async #send(target: string, init: RequestInit & { headers: Record<string, string> }): Promise<AgentAnswer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { accept: 'text/html', ...(cookie === '' ? {} : { cookie }), ...init.headers }
    const response = await fetch(new URL(target, this.#url), { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ')
      const equals = pair.indexOf('=')
      if (attributes.includes('Max-Age=0')) this.cookies.delete(pair.slice(0, equals))
      else this.cookies.set(pair.slice(0, equals), pair.slice(equals + 1))
    }
    const text = await response.text()
    return { status: response.status, text, head: response.headers, field: (name) => fieldOf(text, name) }
  }
}

export interface AgentAnswer {
  readonly status: number
  readonly text: string
  readonly head: Headers
  /** The value of a hidden field. */
  field(name: string): string
}

function fieldOf(text: string, name: string): string {
  return new RegExp(`name="${name}" value="([^"]*)"`).exec(text)?.[1] ?? ''
}
