import type { Result } from '../../model/result.ts'
import type { PageAnswer, PageRequest, SignedIn, SignInWish } from '../../model/sign-in.ts'
import type { Html } from './html.ts'
import type { PageParts } from './page.ts'

/** What somebody signs in for. It is sealed beside the rest of the attempt, and never in a URL. */
export type Purpose =
  /** To be shown a token. */
  | { readonly kind: 'token' }
  /** To let a terminal have one: the code that it shows was typed, or confirmed, before. */
  | {
      readonly kind: 'device'
      readonly userCode: string
      /** Who has to vouch, by the configured name; null lets the person choose. */
      readonly provider: string | null
    }

/** Who alone may vouch for somebody who signs in; null where anybody may that people sign in with here. */
export function providerOf(purpose: Purpose): string | null {
  return purpose.kind === 'device' ? purpose.provider : null
}

/** Where codes of terminals wait for somebody who signs in (RFC 8628). Never throws, never rejects. */
export interface DeviceApprovals {
  /**
   * Lets the terminal have its token. `unknown`: nobody waits with this code any more, or it was used. The event that
   * says who signed in is written already; that of the token is written by who makes it.
   */
  approve(userCode: string, who: SignedIn, request: PageRequest): Promise<Result<null, 'unknown' | 'unavailable'>>
}

/** What pages that are built elsewhere have from the frame. */
export interface PageFrame {
  /** `identity.tokens.issuer`, without a slash at its end. */
  readonly url: string
  page(parts: PageParts): PageAnswer
  /** The way to `/auth/`, with what the sign-in is for; the person chooses there. */
  signInFor(purpose: Purpose, wish: SignInWish): Promise<PageAnswer>
  /** A field that makes a form ours, and the header of the page that binds it to one browser; null where nothing can be sealed. */
  openForm(): Promise<{ readonly field: Html; readonly headers: readonly string[] } | null>
  /** Whether a form is one of `openForm`, from the same browser. */
  isOurs(request: PageRequest): Promise<boolean>
}
