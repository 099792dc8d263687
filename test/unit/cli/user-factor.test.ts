import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PassThrough, Readable } from 'node:stream'
import { Secret as OtpSecret, TOTP } from 'otpauth'
import t, { type Test } from 'tap'
import { secondFactorChecks } from '../../../src/identity/second-factor/checks.ts'
import { Secret } from '../../../src/model/secret.ts'
import { openKeyStore } from '../../../src/stores/keys.ts'
import { CONFIG, folderOf, runCli } from '../../support/cli.ts'
import { actions } from '../stores/store-table.ts'

const BIN = join(import.meta.dirname, '../../../bin/sallyport')
const PASSWORD = 'lantern ravioli umbra quilt'
const DIRECTORY = `ldap: [
  { name: ad, url: ldaps://dc1.example, base: "dc=example", claims: { id: sAMAccountName } },
  { name: staff, url: ldaps://dc2.example, base: "dc=example" }]`
const STEP_MS = 30_000

const codeOf = (base32: string, at = Date.now()) =>
  TOTP.generate({ secret: OtpSecret.fromBase32(base32), timestamp: at })

async function scene(t: Test) {
  const identity = `identity: { local: { enabled: true }, ${DIRECTORY}, `
  const config = `${CONFIG.replace('identity: { ', identity)}store: sqlite:users.db\n`
  const cwd = folderOf(t, { 'sallyport.yaml': config, 'policy.yaml': 'version: 1\n' })
  const users = (argv: readonly string[], stdin: NodeJS.ReadableStream = Readable.from([])) =>
    runCli(['users', ...argv, '--config', 'sallyport.yaml'], cwd, { stdin })
  const added = await users(['add', 'alice'], Readable.from([`${PASSWORD}\n`]))
  if (added.code !== 0) throw new Error(added.err)
  const opened = openKeyStore(join(cwd, 'users.db'))
  if (!opened.ok) throw new Error(opened.fault)
  const store = opened.value
  t.teardown(() => store.close())
  const checks = secondFactorChecks({ store: () => store, clock: Date.now, report: () => undefined })
  const says = async (code: string, source = 'local') => {
    const verdict = await checks.check(source, 'alice', new Secret(code), '')
    return verdict.outcome === 'right' ? verdict.by : verdict.outcome
  }
  return { cwd, users, store, checks, says }
}

/** Runs the program, answers with what a person reads from their app, and tells what it printed. */
function enrolled(cwd: string, argv: readonly string[], answer: (secret: string) => string) {
  return new Promise<{ code: number | null; lines: readonly Record<string, unknown>[]; err: string }>(
    (resolve, reject) => {
      const child = spawn(process.execPath, [BIN, 'users', 'totp', ...argv, '--json', '--config', 'sallyport.yaml'], {
        cwd,
      })
      const lines: Record<string, unknown>[] = []
      let err = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        err += text
      })
      createInterface({ input: child.stdout }).on('line', (line) => {
        const told = JSON.parse(line)
        lines.push(told)
        if (typeof told.secret === 'string') child.stdin.end(`${answer(told.secret)}\n`)
      })
      child.once('error', reject)
      child.once('close', (code) => resolve({ code, lines, err }))
    },
  )
}

t.test('a second factor is there once a code of it was right', async (t) => {
  const { cwd, store, checks, says, users } = await scene(t)
  let shown = ''
  const { code, lines, err } = await enrolled(cwd, ['alice'], (secret) => {
    shown = codeOf(secret)
    return `${shown.slice(0, 3)} ${shown.slice(3)}`
  })
  t.same([code, err], [0, ''])
  const [first = {}, second = {}] = lines
  t.match(first, {
    name: 'alice',
    source: 'local',
    secret: /^[A-Z2-7]{32}$/,
    uri: /^otpauth:\/\/totp\/Sallyport:alice\?/,
  })
  const codes = second.recovery_codes as readonly string[]
  t.equal(codes.length, 10)
  t.same(await checks.isEnrolled('local', 'alice'), { ok: true, value: true })
  t.equal(await says(shown), 'wrong', 'the code that was shown at the enrolment is used')
  t.equal(await says(codes[0] ?? ''), 'recovery')
  t.match(JSON.parse((await users(['list', '--json'])).out), [{ second_factor: true, recovery_codes: 9 }])
  t.same(await actions(store), [
    'user-created alice',
    'second-factor-enrolled alice',
    'second-factor-used-recovery alice',
  ])
})

t.test('where no code was right nothing is changed', async (t) => {
  const { cwd, store, says } = await scene(t)
  const { lines } = await enrolled(cwd, ['alice'], (secret) => codeOf(secret))
  const before = await store.secondFactors.find({ source: 'local', account: 'alice' })
  const wrong = await enrolled(cwd, ['alice'], (secret) => codeOf(secret, Date.now() - 10 * STEP_MS))
  t.equal(wrong.code, 1)
  t.match(wrong.err, /takes the place of the one that is there[\s\S]*nothing was changed/)
  t.same(await store.secondFactors.find({ source: 'local', account: 'alice' }), before)
  const secret = String(lines[0]?.secret)
  t.equal(await says(codeOf(secret, Date.now() + STEP_MS)), 'otp', 'the one that was there goes on')
})

t.test('a user of a directory may have one, and it can be taken away', async (t) => {
  const { cwd, users, checks } = await scene(t)
  const { code, lines } = await enrolled(cwd, ['alice', '--source', 'ad'], (secret) => codeOf(secret))
  t.equal(code, 0)
  t.match(lines[0], { uri: /Sallyport:alice%20\(ad\)/ })
  t.same(await checks.isEnrolled('ad', 'alice'), { ok: true, value: true })
  t.same(await checks.isEnrolled('local', 'alice'), { ok: true, value: false }, 'of another source')
  t.match(await users(['totp', 'alice', '--remove']), { code: 2, err: /has no second factor/ })
  t.match(await users(['totp', 'alice', '--source', 'ad', '--remove']), { code: 0, out: /no second factor any more/ })
  t.same(await checks.isEnrolled('ad', 'alice'), { ok: true, value: false })
})

t.test('a user who is named by a DN has one by every spelling of it, and by nothing else', async (t) => {
  const { cwd, users, checks } = await scene(t)
  const named = ['CN=Alice, DC=Example', '--source', 'staff']
  t.equal((await enrolled(cwd, named, (secret) => codeOf(secret))).code, 0)
  t.same(await checks.isEnrolled('staff', 'cn=alice,dc=example'), { ok: true, value: true }, 'as a sign-in has it')
  t.match(await users(['totp', 'alice', '--source', 'staff']), { code: 2, err: /are named by their DN/ })
})

t.test('people are shown the secret in groups, and told what to do', async (t) => {
  const { users } = await scene(t)
  const { code, out, err } = await users(['totp', 'alice'], Readable.from(['000000\n']))
  t.equal(code, 1)
  t.match(out, /^secret {2}([A-Z2-7]{4} ){7}[A-Z2-7]{4}\nuri {5}otpauth:\S+\n$/)
  t.match(err, /app for codes/)
})

const refused: readonly (readonly [name: string, argv: readonly string[], said: RegExp])[] = [
  ['nobody', ['bob'], /there is no user `bob`/],
  ['a name in other letters', ['Alice'], /there is no user `Alice`/],
  ['a source that there is not', ['alice', '--source', 'AD'], /must be one of `local`, `ad`/],
  ['an issuer, which asks for factors of its own', ['alice', '--source', 'corp'], /must be one of/],
  ['a name with a line break', ['a\nb', '--source', 'ad'], /`<name>` must be/],
  ['nothing typed', ['alice'], /nothing was typed/],
]
t.test('what is refused changes nothing and exits 2', async (t) => {
  const { users, store } = await scene(t)
  for (const [name, argv, said] of refused) {
    const { code, err } = await users(['totp', ...argv])
    t.equal(code, 2, name)
    t.match(err, said, name)
  }
  t.same(await actions(store), ['user-created alice'])
})

/** A terminal, as far as it is asked of one. */
function terminal(...typed: readonly string[]) {
  const modes: boolean[] = []
  const keys = new PassThrough()
  const setRawMode = (on: boolean) => {
    modes.push(on)
    const next = on ? typed[modes.length >> 1] : undefined
    if (next !== undefined) setImmediate(() => keys.write(next))
  }
  return { modes, stdin: Object.assign(keys, { isTTY: true, setRawMode }) }
}

t.test('a terminal is asked twice, without an echo', async (t) => {
  const { users, store } = await scene(t)
  const rows: readonly (readonly [name: string, typed: readonly string[], code: number, said: RegExp])[] = [
    ['the same twice', [`${PASSWORD}\r`, `${PASSWORD}\r`], 0, /^password for bob: \nthe same once more: \n/],
    ['with slips', [`${PASSWORD}xx\u007f\b\r`, `${PASSWORD}\n`], 0, /the same once more/],
    ['two that differ', [`${PASSWORD}\r`, `${PASSWORD}!\r`], 2, /the two passwords differ/],
    ['an interrupt', [`${PASSWORD}\u0003`], 2, /nothing was typed/],
    ['one that may not be', ['short\r'], 2, /at least 15/],
  ]
  for (const [name, typed, code, said] of rows) {
    const { stdin, modes } = terminal(...typed)
    const result = await users(['add', 'bob'], stdin)
    t.equal(result.code, code, name)
    t.match(result.err, said, name)
    t.notMatch(result.out + result.err, /lantern/, `${name}: nothing of it is shown`)
    t.equal(modes.at(-1), false, `${name}: the terminal is as it was`)
    await store.users.remove('bob', Date.now())
  }
})

t.test('the program reads a password from its stdin', async (t) => {
  const { cwd, store } = await scene(t)
  const code = await new Promise<number>((resolve) => {
    const argv = [BIN, 'users', 'add', 'carol', '--config', 'sallyport.yaml']
    const child = execFile(process.execPath, argv, { cwd }, (error) => resolve(error === null ? 0 : Number(error.code)))
    child.stdin?.end(PASSWORD)
  })
  t.equal(code, 0, 'without an end of line, too')
  t.equal((await store.users.find('carol'))?.name, 'carol')
})
