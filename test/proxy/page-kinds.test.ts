import type { Page } from 'playwright-core'
import t from 'tap'
import { barriersOf } from '../support/accessibility.ts'
import { consoleOf, noBrowser, openBrowser, picture } from '../support/browser.ts'
import { PAGE_KINDS, startPageKinds } from '../support/page-kinds.ts'

const WINDOWS = [
  [1280, 'light'],
  [320, 'light'],
  [1280, 'dark'],
  [320, 'dark'],
] as const

t.test('every kind of page, in every window', { skip: noBrowser() ?? false }, async (t) => {
  const kinds = await startPageKinds(t)
  const browser = await openBrowser(t)
  for (const [name, heading, open] of PAGE_KINDS) {
    await t.test(name, async (t) => {
      const page = await browser.newPage()
      const said = consoleOf(page)
      await open(page, kinds)
      await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor()
      // Pictures first: they show where the focus is by itself.
      await inEach(page, (window) => picture(page, `${name}-${window}`))
      await inEach(page, async (window) => t.same(await barriersOf(page), [], window))
      const broken = said.filter((text) => !/the server responded with a status of/.test(text))
      t.same(broken, [], 'nothing breaks the policy for content')
      await page.close()
      await browser.clearCookies()
    })
  }
  t.same(kinds.pages.bugs, [])
})

async function inEach(page: Page, look: (window: string) => Promise<unknown>): Promise<void> {
  for (const [width, colorScheme] of WINDOWS) {
    await page.setViewportSize({ width, height: 900 })
    await page.emulateMedia({ colorScheme })
    await look(`${width}-${colorScheme}`)
  }
}
