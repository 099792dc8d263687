import type { PageAnswer, PageRequest, SignInWish } from '../../model/sign-in.ts'
import { FORM_FIELD, isSame } from './attempts.ts'
import type { Cookies } from './cookies.ts'
import type { Desk } from './desk.ts'
import { signInFor } from './entry.ts'
import { html } from './html.ts'
import { page } from './page.ts'
import type { PageFrame, Purpose } from './purpose.ts'

const COOKIE = 'form'
const LIFE_SECONDS = 600
const SEALED_FOR = 'sign-in-form'

/** What the pages that are built elsewhere are given. Their forms are bound to one browser, as those of an attempt are. */
export function pageFrame(desk: Desk, cookies: Cookies, random: () => string): PageFrame {
  const { clock } = desk.ports
  return {
    url: desk.issuer.url,
    page,
    signInFor: (purpose: Purpose, wish: SignInWish): Promise<PageAnswer> => signInFor(desk, purpose, wish),
    openForm: async () => {
      const turn = random()
      const sealed = await desk.sealer.seal(SEALED_FOR, { turn }, clock() + LIFE_SECONDS * 1000)
      const headers = sealed.ok ? cookies.set(COOKIE, sealed.value, LIFE_SECONDS) : null
      return headers === null
        ? null
        : { field: html`<input type="hidden" name="${FORM_FIELD}" value="${turn}">`, headers }
    },
    isOurs: async ({ cookies: own, form }: PageRequest) => {
      const [sealed, turn] = [own.get(COOKIE), form.get(FORM_FIELD)]
      if (sealed === undefined || turn === undefined) return false
      const opened = await desk.sealer.open(SEALED_FOR, sealed)
      const known = opened.ok ? opened.value.turn : undefined
      return typeof known === 'string' && isSame(known, turn)
    },
  }
}
