/** Follows redirects as a browser does, and sends the forms that have nothing to fill in. */
export async function browse(location: string, jar: Map<string, string>, home: string): Promise<URL> {
  let url = new URL(location)
  let form: URLSearchParams | null = null
  for (let step = 0; step < 20; step++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response: Response = await fetch(url, {
      method: form === null ? 'GET' : 'POST',
      body: form,
      redirect: 'manual',
      headers: { cookie },
    })
    for (const line of response.headers.getSetCookie()) keep(jar, line)
    const text = await response.text()
    const target = response.headers.get('location')
    const action = /<form[^>]+action="([^"]+)"/.exec(text)?.[1]
    if (target === null && response.status !== 200)
      throw new Error(`${response.status} of ${url.pathname}: ${text.replace(/^[\s\S]*<body>|<[^>]*>|\s+/g, ' ')}`)
    if (target === null && action === undefined) return url
    form = target === null ? formOf(text) : null
    url = new URL(target ?? action ?? '', url)
    if (url.href.startsWith(home)) return url
  }
  throw new Error('the browser goes round in circles')
}

function keep(jar: Map<string, string>, line: string): void {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
  if (value === '') jar.delete(name)
  else jar.set(name, value)
}

function formOf(page: string): URLSearchParams {
  const inputs = [...page.matchAll(/<input[^>]*?name="([^"]+)"[^>]*?value="([^"]*)"/g)]
  const form = new URLSearchParams(inputs.map(([, name = '', value = '']) => [name, value]))
  if (page.includes('name="confirm"') || page.includes('op.deviceConfirmForm')) form.set('confirm', 'yes')
  return form
}

/** Ends a session on the provider's own page. */
export async function logOut(issuer: string, jar: Map<string, string>): Promise<void> {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  const page = await fetch(`${issuer}/session/end`, { headers: { cookie } })
  for (const line of page.headers.getSetCookie()) keep(jar, line)
  const form = formOf(await page.text())
  form.set('logout', 'yes')
  const now = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  await fetch(`${issuer}/session/end/confirm`, {
    method: 'POST',
    body: form,
    redirect: 'manual',
    headers: { cookie: now },
  })
}
