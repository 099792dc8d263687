/** Those secrets that stand somewhere in a text, whole or in part, in any of the ways in which a program may write one. */
export function leaksOf(text: string, secrets: ReadonlySet<string>): readonly string[] {
  return [...secrets].filter((secret) =>
    partsOf(secret).some((part) => writtenAs(part).some((one) => text.includes(one))),
  )
}

/** A token's payload and signature are secrets by themselves. Its head is everybody's. */
function partsOf(secret: string): readonly string[] {
  const [, ...rest] = secret.split('.')
  return rest.length < 2 ? [secret] : [secret, ...rest.filter((part) => part.length > 20)]
}

function writtenAs(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  // In base64 a text looks different by where it begins: without the ends that depend on its neighbours.
  const shifted = [0, 1, 2].map((lead) => {
    const coded = Buffer.concat([Buffer.alloc(lead), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    return coded.slice(lead === 0 ? 0 : lead + 1, -1)
  })
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    new URLSearchParams([['', secret]]).toString().slice(1),
    bytes.toString('hex'),
    ...shifted,
    ...shifted.map((coded) => coded.replaceAll('+', '-').replaceAll('/', '_')),
  ]
}
