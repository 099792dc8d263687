import type { Fault } from '../model/fault.ts'

/**
 * Says in the challenge of a 401 where to sign in: `signIn` is the address of the page, null where there is none. With what
 * stronger authentication has to show, as that page takes it (RFC 9470 section 4).
 */
export function invited(refusal: Fault, signIn: string | null): Fault {
  if (signIn === null || refusal.headers?.[0] !== 'www-authenticate') return refusal
  const [name, challenge, ...others] = refusal.headers
  return { ...refusal, headers: [name, `${challenge}, sign_in="${signIn}${asked(refusal)}"`, ...others] }
}

function asked({ challenge }: Fault): string {
  if (challenge === undefined) return ''
  const { acrValues, maxAgeSeconds } = challenge
  const parts = [
    ...(acrValues.length > 0 ? [`acr_values=${encodeURIComponent(acrValues.join(' '))}`] : []),
    ...(maxAgeSeconds === null ? [] : [`max_age=${Math.floor(maxAgeSeconds)}`]),
    // A step-up without a kind of sign-in is one for several factors, whatever its age.
    ...(acrValues.length > 0 ? [] : ['mfa=true']),
  ]
  return `?${parts.join('&')}`
}
