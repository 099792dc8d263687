import type { PageAnswer, PageRequest, SignInWish } from '../../model/sign-in.ts'
import { again, type Desk } from './desk.ts'
import { refusalPage } from './page.ts'
import { readWish } from './wish.ts'

const PARAMETERS = ['acr_values', 'max_age', 'mfa']

/** Reads what is asked for and nothing else: a parameter that is misspelled must not be ignored. */
export async function began(
  desk: Pick<Desk, 'issuer'>,
  { query }: PageRequest,
  go: (wish: SignInWish) => Promise<PageAnswer>,
): Promise<PageAnswer> {
  const unknown = [...query.keys()].find((name) => !PARAMETERS.includes(name))
  if (unknown !== undefined) return badLink(desk, unknown)
  const wish = readWish(query)
  return wish.ok ? go(wish.value) : badLink(desk, wish.fault)
}

function badLink(desk: Pick<Desk, 'issuer'>, parameter: string): PageAnswer {
  return refusalPage(
    400,
    'The link is not right',
    `Its parameter "${parameter.slice(0, 64)}" is not one that is understood here.`,
    again(desk, null),
  )
}
