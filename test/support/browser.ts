import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'

const PROGRAM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
)
const ACTION_MS = 20_000

/** Why it cannot be run here; null where it can. */
export function noBrowser(): string | null {
  return PROGRAM === undefined ? 'left out: chromium (apt-get install chromium)' : null
}

export interface BrowserOptions {
  /** Of the window. CSS pixels. */
  readonly width?: number
  readonly colors?: 'light' | 'dark'
  /** Certificates that nobody knows are taken. */
  readonly trustsAll?: boolean
}

/** A person's browser with a profile of its own: nothing of another one's is in it. It is gone when the test ends. */
export async function openBrowser(t: Test, options: BrowserOptions = {}): Promise<BrowserContext> {
  const profile = mkdtempSync(join(tmpdir(), 'sallyport-browser-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: PROGRAM ?? '',
    headless: true,
    viewport: { width: options.width ?? 1280, height: 900 },
    colorScheme: options.colors ?? 'light',
    ignoreHTTPSErrors: options.trustsAll ?? false,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync'],
    ],
  })
  context.setDefaultTimeout(ACTION_MS)
  t.teardown(async () => {
    await context.close()
    rmSync(profile, { recursive: true, force: true })
  })
  return context
}

/** What a page said on its console: a policy for content that it breaks is told of there. */
export function consoleOf(page: Page): readonly string[] {
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  page.on('pageerror', (error) => said.push(String(error)))
  return said
}

/** Keeps a picture of the page, where `SALLYPORT_SCREENSHOTS` names a folder for them. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SALLYPORT_SCREENSHOTS
  if (folder === undefined || folder === '') return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}
