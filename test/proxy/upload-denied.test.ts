import t from 'tap'
import { polled } from '../support/proxy.ts'
import { rawConnect, requestBytes } from '../support/raw-client.ts'
import { ALICE, BOB, endInOrder, startWorld } from '../support/world.ts'

const KIB = 1024
const LENGTH = 8 * KIB * KIB
const D = 'Content-Disposition: form-data'
const BEGIN = `--b\r\n${D}; name="file"; filename="a"\r\n\r\n${'x'.repeat(400 * KIB)}`
const RULE = { id: 'speech', effect: 'allow', roles: ['speakers'], models: ['whisper-1'] }
const POLICY = {
  version: 1,
  roles: { speakers: { members: [{ user: ALICE }] } },
  rules: [
    { ...RULE, operations: ['audio.transcribe', 'files.create'] },
    { ...RULE, id: 'office', operations: ['images.edit'], when: { network: ['10.0.0.0/8'] } },
    { id: 'no-parts', effect: 'deny', operations: ['uploads.parts.create'] },
    { ...RULE, id: 'parts', operations: ['uploads.parts.create'] },
  ],
}

t.test('an upload that is denied whatever it says is not read', async (t) => {
  const world = await startWorld(t, { policy: POLICY, isolation: 'off' })
  const { proxy, model } = world
  const spooled = async () => Number(/^sallyport_spooled_bytes (\d+)$/m.exec((await proxy.admin('/metrics')).body)?.[1])
  /** A connection that has sent the beginning of a form, and will never send the rest. */
  const begun = async (person: string, path: string, begin = BEGIN) => {
    const auth = `Authorization: Bearer ${await world.token(person)}`
    const headers = ['Host: x', auth, 'Content-Type: multipart/form-data; boundary=b', `Content-Length: ${LENGTH}`]
    const connection = await rawConnect(proxy.port)
    connection.send(Buffer.concat([requestBytes(`POST ${path} HTTP/1.1`, headers), Buffer.from(begin)]))
    return connection
  }
  const rows = [
    ['a caller without a role', BOB, '/v1/files', 'role_missing', 'files.create', null],
    ['an operation that no rule grants', ALICE, '/v1/videos/edits', 'endpoint_not_allowed', 'videos.edit', null],
    ['a client from elsewhere', ALICE, '/v1/images/edits', 'ip_not_allowed', 'images.edit', null],
    ['what a rule denies', ALICE, '/v1/uploads/u/parts', 'denied_by_rule', 'uploads.parts.create', 'no-parts'],
  ] as const
  for (const [index, [name, person, path, reason, operation, rule]] of rows.entries()) {
    const connection = await begun(person, path)
    const answer = await connection.answer()
    t.same([answer.status, answer.code], [403, 'policy_denied'], name)
    t.equal(answer.header('connection'), 'close', `${name}: what follows is not read`)
    connection.close()
    const event = await proxy.audit.action('request-denied', index + 1)
    t.same(
      [event.get('event.reason'), event.get('sallyport.operation'), event.get('rule.id') ?? null],
      [reason, operation, rule],
      `${name}: the event`,
    )
    t.equal(event.get('user.id') ?? null, person, `${name}: who it was`)
    t.equal(await spooled(), 0, `${name}: nothing is kept`)
  }
  const kept = await begun(ALICE, '/v1/audio/transcriptions')
  await polled(async () => (await spooled()) > 300 * KIB, 'the upload that may be allowed to be kept')
  kept.close()
  await proxy.audit.action('request-denied', rows.length + 1)
  t.equal(model.connections, 0, 'the upstream saw nothing')
  await endInOrder(t, world)
})
