import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import type { Test } from 'tap'
import { openBrowser } from './browser.ts'
import type { EveryWorld } from './every-world.ts'
import { openTerminal } from './terminal.ts'

/** People who sign in at one proxy, each with a browser that remembers nothing of the one before. */
export class SignIns {
  readonly #t: Test
  readonly #world: EveryWorld
  #browser: Promise<BrowserContext> | null = null

  constructor(t: Test, world: EveryWorld) {
    this.#t = t
    this.#world = world
  }

  async with(provider: string): Promise<string> {
    const page = await this.#open(`${this.#world.url}/auth/`)
    await page.getByRole('link', { name: provider }).click()
    return this.#token(page)
  }

  async byPassword(username: string, password: string, code?: string): Promise<string> {
    const page = await this.#open(`${this.#world.url}/auth/`)
    await fill(page, username, password)
    if (code !== undefined) await type(page, 'Code', code)
    return this.#token(page)
  }

  /** What the pages say to who does not get in. */
  async refused(username: string, password: string, code?: string): Promise<string> {
    const page = await this.#open(`${this.#world.url}/auth/`)
    await fill(page, username, password)
    if (code !== undefined) await type(page, 'Code', code)
    return (await page.getByRole('alert').textContent()) ?? ''
  }

  /** `sallyport login`, and what `sallyport token` prints then. */
  async byTerminal(username: string, password: string): Promise<string> {
    const { secrets, url, certificates } = this.#world
    const terminal = openTerminal(this.#t, url)
    const ca = join(certificates.files.folder, 'authority.crt')
    const { link, done } = await terminal.login('--ca', ca)
    const page = await this.#open(link)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'It is my terminal: sign in' }).click()
    await fill(page, username, password)
    await page.getByText('goes on in your name').waitFor()
    const ended = await done
    if (ended.code !== 0) throw new Error(ended.stderr)
    const kept = readFileSync(join(terminal.home, '.config/sallyport/credentials.json'), 'utf8')
    for (const [, secret = ''] of kept.matchAll(/"(?:token|refresh(?:_token)?)":\s*"([^"]+)"/g)) secrets.add(secret)
    const printed = await terminal.run('token')
    if (printed.code !== 0) throw new Error(printed.stderr)
    return printed.stdout.trim()
  }

  async #open(url: string): Promise<Page> {
    this.#browser ??= openBrowser(this.#t, { trustsAll: true })
    const browser = await this.#browser
    await browser.clearCookies()
    const page = await browser.newPage()
    const first = await page.goto(url)
    this.#t.match(first?.headers()['strict-transport-security'], /^max-age=\d{8}$/, 'TLS from now on')
    const cookies = await browser.cookies()
    this.#t.ok(
      cookies.every(({ name, secure, httpOnly, path }) => /^__Host-/.test(name) && secure && httpOnly && path === '/'),
      'cookies are of this host alone',
    )
    for (const { value } of cookies) this.#world.secrets.add(value)
    return page
  }

  async #token(page: Page): Promise<string> {
    const token = await page.getByLabel('Token').inputValue()
    this.#world.secrets.add(token)
    await page.close()
    return token
  }
}

async function fill(page: Page, username: string, password: string): Promise<void> {
  await page.getByLabel('User name').fill(username)
  await type(page, 'Password', password)
}

async function type(page: Page, label: string, value: string): Promise<void> {
  await page.getByLabel(label).fill(value)
  await page.keyboard.press('Enter')
}
