import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Authority, noCertificates } from '../../support/certificates.ts'
import { folderOf, runCli } from '../../support/cli.ts'

const missing = noCertificates()
const CODES = { device_code: 'x', user_code: 'A', verification_uri: 'https://a.example/', expires_in: 60, interval: 1 }
const TOKEN = { access_token: 'tok', expires_in: 60, refresh_token: 'r', user: 'bob', issuer: 'corp' }

/** A proxy that lets everybody in, with a certificate. */
async function start(t: Test, authority: Authority, names: string, days = 2): Promise<string> {
  const server = createServer({ ...authority.issue({ names, days }) }, (req, res) => {
    req.resume().once('end', () => res.end(JSON.stringify(req.url === '/auth/device/code' ? CODES : TOKEN)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('certificates are verified, whatever the environment says', { skip: missing ?? false }, async (t) => {
  const [ours, other] = [new Authority(), new Authority('Another Authority')]
  t.teardown(() => {
    ours.close()
    other.close()
  })
  const home = folderOf(t, { 'ca.pem': ours.cert, 'other.pem': other.cert, 'none.pem': 'x' })
  const env = { HOME: home, NODE_TLS_REJECT_UNAUTHORIZED: '0' }
  const right = await start(t, ours, 'IP:127.0.0.1')
  const login = (url: string, ...more: string[]) => runCli(['login', '--url', url, ...more], home, { env })
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  t.teardown(() => {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
  })
  t.match(await login(right), { code: 1, out: '', err: /is not trusted .*`--ca FILE`/ })
  t.match(await login(right, '--ca', 'other.pem'), { code: 1, err: /is not trusted/ })
  t.match(await login(right, '--ca', 'none.pem'), { code: 2, err: /holds no certificate/ })
  t.match(await login(right, '--ca', 'absent.pem'), { code: 2, err: /absent\.pem/ })
  const misnamed = await start(t, ours, 'DNS:elsewhere.example')
  t.match(await login(misnamed, '--ca', 'ca.pem'), { code: 1, err: /is of another name/ })
  const over = await start(t, ours, 'IP:127.0.0.1', -1)
  t.match(await login(over, '--ca', 'ca.pem'), { code: 1, err: /has expired/ })
  t.match(await login(right, '--ca', 'ca.pem'), { code: 0 }, 'the twin')
  const renewed = await runCli(['token'], home, { env })
  t.same(renewed, { code: 0, out: 'tok\n', err: '' }, 'and it is remembered for the renewal')
  const file = join(home, '.config/sallyport/credentials.json')
  writeFileSync(file, readFileSync(file, 'utf8').replace('ca.pem', 'other.pem'))
  t.match(await runCli(['token'], home, { env }), {
    code: 0,
    out: 'tok\n',
    err: /not renewed: its certificate is not trusted/,
  })
})
