import OpenAI from 'openai'
import type { Page } from 'playwright-core'
import t from 'tap'
import { noBrowser, openBrowser } from '../support/browser.ts'
import { TEXT } from '../support/model-answers.ts'
import { STRONG } from '../support/saml-site.ts'
import { startTogether } from '../support/sign-in-together.ts'
import { noSlapd } from '../support/slapd.ts'
import { endInOrder } from '../support/world.ts'

const missing = noSlapd() ?? noBrowser()

if (missing !== null) t.plan(0, missing)
else {
  t.test('issuers, a directory and the store let people in, and a second factor means the same for all', async (t) => {
    const world = await startTogether(t)
    const { url, provider, saml, proxy, secrets, local, enroll } = world
    const browser = await openBrowser(t)
    const chat = async (token: string, model: string) => {
      const client = new OpenAI({ baseURL: proxy.baseUrl, apiKey: token, maxRetries: 0 })
      const messages = [{ role: 'user' as const, content: 'hello' }]
      const answer = await client.chat.completions.create({ model, messages }).catch((error) => error)
      return answer instanceof OpenAI.APIError
        ? answer.headers?.get('www-authenticate')
        : answer.choices[0].message.content
    }
    const tokenOf = async (page: Page) => {
      const token = await page.getByLabel('Token').inputValue()
      secrets.add(token)
      return token
    }
    const byPassword = async (username: string, password: string) => {
      const page = await browser.newPage()
      await page.goto(`${url}/auth/`)
      await page.getByLabel('User name').fill(username)
      await page.getByLabel('Password').fill(password)
      await page.keyboard.press('Enter')
      return page
    }
    const withCode = async (page: Page, code: string) => {
      await page.getByLabel('Code').fill(code)
      await page.keyboard.press('Enter')
      return tokenOf(page)
    }
    const small = async (token: string, method: string) => {
      t.equal(await chat(token, 'gpt-4o-mini'), TEXT)
      const issued = (await proxy.audit.withAction('token-issued')).at(-1)
      t.equal(issued?.get('sallyport.auth.method'), method)
    }

    await t.test('with the issuer', async (t) => {
      provider.next.account = 'alice'
      const page = await browser.newPage()
      await page.goto(`${url}/auth/`)
      await page.getByRole('link', { name: 'corp' }).click()
      const token = await tokenOf(page)
      await small(token, 'jwt')
      const challenge = String(await chat(token, 'gpt-4o'))
      const link = /sign_in="([^"]+)"/.exec(challenge)?.[1] ?? ''
      t.equal(link, `${url}/auth/?max_age=43200&mfa=true`)
      await browser.clearCookies()
      Object.assign(provider.next, { acr: 'gold', amr: ['pwd', 'otp'] })
      await page.goto(link)
      await page.getByRole('link', { name: 'corp' }).click()
      t.equal(await chat(await tokenOf(page), 'gpt-4o'), TEXT, 'where the challenge sends the person')
    })

    await t.test('with the SAML provider, which posts its answer from another site', async (t) => {
      const signIn = async () => {
        const page = await browser.newPage()
        await page.goto(`${url}/auth/`)
        await page.getByRole('link', { name: 'adfs' }).click()
        return tokenOf(page)
      }
      const first = await signIn()
      await small(first, 'saml')
      t.match(await chat(first, 'gpt-4o'), /insufficient_user_authentication/)
      saml.classRef = STRONG
      t.equal(await chat(await signIn(), 'gpt-4o'), TEXT)
    })

    await t.test('with the directory', async (t) => {
      const first = await tokenOf(await byPassword('lena', 'secret-of-lena'))
      await small(first, 'ldap')
      t.match(await chat(first, 'gpt-4o'), /insufficient_user_authentication/)
      const code = await enroll('staff', 'lena')
      t.equal(await chat(await withCode(await byPassword('lena', 'secret-of-lena'), code()), 'gpt-4o'), TEXT)
    })

    await t.test('with the store', async (t) => {
      const name = `local\\${local.name}`
      const first = await tokenOf(await byPassword(name, local.password))
      await small(first, 'local')
      t.match(await chat(first, 'gpt-4o'), /insufficient_user_authentication/)
      const code = await enroll('local', local.name)
      t.equal(await chat(await withCode(await byPassword(name, local.password), code()), 'gpt-4o'), TEXT)
      const page = await byPassword(name, 'something else')
      t.match(await page.getByRole('alert').textContent(), 'not right')
    })

    await endInOrder(t, world)
  })
}
