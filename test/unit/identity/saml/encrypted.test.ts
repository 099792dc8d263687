import t from 'tap'
import { type EncryptionOptions, encrypted } from '../../../support/saml-encryption.ts'
import { assertionXml, signed } from '../../../support/saml-provider.ts'
import { decryptionKey, keys, SamlScene, said } from '../../../support/saml-scene.ts'

const to = (scene: SamlScene, options: EncryptionOptions = {}, text = scene.assertion()) =>
  encrypted(text, keys().sp.cert, options)
const sealed = (options: EncryptionOptions) => (scene: SamlScene) => scene.response(to(scene, options))
const sealedAndSigned = (options: EncryptionOptions) => (scene: SamlScene) =>
  signed(scene.response(to(scene, options)), '_response1', keys().idp)
const text = (make: (scene: SamlScene) => string) => (scene: SamlScene) => scene.response(to(scene, {}, make(scene)))

const rows: readonly (readonly [string, (scene: SamlScene) => string, string])[] = [
  ['AES-CBC in an unsigned response', sealed({ cipher: 'aes-256-cbc' }), 'alg_not_allowed'],
  ['AES-CBC with 128 bits in an unsigned response', sealed({ cipher: 'aes-128-cbc' }), 'alg_not_allowed'],
  [
    'AES-CBC in a response that somebody else signed',
    (scene) => signed(sealed({ cipher: 'aes-256-cbc' })(scene), '_response1', keys().other),
    'bad_signature',
  ],
  [
    'AES-CBC whose ciphertext was changed after the response was signed',
    (scene) =>
      sealedAndSigned({ cipher: 'aes-256-cbc' })(scene).replace(
        /(<xenc:CipherValue>)(.)(?=[^<]*<\/xenc:CipherValue><\/xenc:CipherData><\/xenc:EncryptedData>)/,
        (_, open, first) => `${open}${first === 'A' ? 'B' : 'A'}`,
      ),
    'bad_signature',
  ],
  ['a key under RSA with PKCS #1 1.5', sealed({ wrap: 'rsa-1_5' }), 'alg_not_allowed'],
  ['a key under RSA with PKCS #1 1.5 in a signed response', sealedAndSigned({ wrap: 'rsa-1_5' }), 'alg_not_allowed'],
  ['a digest and a mask that do not go together', sealed({ wrap: 'oaep-mgf1p-sha256' }), 'alg_not_allowed'],
  [
    'an algorithm that does not exist',
    (scene) => sealed({})(scene).replace('xmlenc11#aes256-gcm', 'xmlenc11#none'),
    'alg_not_allowed',
  ],
  ['a changed ciphertext', sealed({ spoil: (bytes) => bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40) }), 'malformed'],
  [
    'a changed tag',
    sealed({ spoil: (bytes) => bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1) }),
    'malformed',
  ],
  [
    'a key of another size',
    (scene) => sealed({})(scene).replace('xmlenc11#aes256-gcm', 'xmlenc11#aes128-gcm'),
    'malformed',
  ],
  ['for somebody else', (scene) => scene.response(encrypted(scene.assertion(), keys().other.cert)), 'malformed'],
  ['an unsigned assertion', text((scene) => assertionXml(scene.parts())), 'bad_signature'],
  [
    'an unsigned assertion in a signed response',
    (scene) => signed(text((one) => assertionXml(one.parts()))(scene), '_response1', keys().idp),
    'bad_signature',
  ],
  ['an assertion that somebody else signed', text((scene) => scene.assertion({}, {}, keys().other)), 'bad_signature'],
  ['two assertions in one', text((scene) => `${scene.assertion()}${scene.assertion({ id: '_b' })}`), 'malformed'],
  ['an assertion in another element', text((scene) => `<x>${scene.assertion()}</x>`), 'malformed'],
  ['a response', text((scene) => scene.response(scene.assertion())), 'malformed'],
  ['an encrypted assertion', text((scene) => to(scene)), 'malformed'],
  ['a document type', text((scene) => `<!DOCTYPE x>${scene.assertion()}`), 'malformed'],
  ['a comment', text((scene) => scene.assertion().replace('>alice', '>al<!-- -->ice')), 'malformed'],
  ['text that is no XML', text(() => 'x'.repeat(300)), 'malformed'],
  [
    'an encrypted assertion beside an open one',
    (scene) => scene.response(`${scene.assertion()}${to(scene, {}, scene.assertion({ id: '_b' }))}`),
    'malformed',
  ],
  ['two encrypted assertions', (scene) => scene.response(`${to(scene)}${to(scene)}`), 'malformed'],
  [
    'two encrypted keys',
    (scene) => sealed({})(scene).replace(/(<xenc:EncryptedKey [\s\S]*<\/xenc:EncryptedKey>)/, '$1$1'),
    'malformed',
  ],
  [
    'a ciphertext that is elsewhere',
    (scene) =>
      sealed({})(scene).replace(
        /<xenc:CipherValue>[^<]*<\/xenc:CipherValue>(?=<\/xenc:CipherData><\/xenc:EncryptedData>)/,
        '<xenc:CipherReference URI="https://evil.example/"/>',
      ),
    'malformed',
  ],
]

for (const [name, build, reason] of rows) {
  t.test(`refused: ${name}`, async (t) => {
    const scene = await SamlScene.begun({ decryption: decryptionKey() })
    t.equal(said(await scene.complete(build(scene))), reason)
  })
}

const twins: readonly (readonly [string, (scene: SamlScene) => string])[] = [
  ['AES-GCM with 256 bits', sealed({})],
  ['AES-GCM with 128 bits', sealed({ cipher: 'aes-128-gcm' })],
  ['an encrypted key behind the data', sealed({ isBeside: true })],
  ['OAEP with SHA-256, and a mask of it', sealed({ wrap: 'oaep-sha256' })],
  ['AES-GCM in a signed response', sealedAndSigned({})],
  ['AES-CBC with 256 bits in a signed response', sealedAndSigned({ cipher: 'aes-256-cbc' })],
  ['AES-CBC with 128 bits in a signed response', sealedAndSigned({ cipher: 'aes-128-cbc' })],
  ['an assertion that is not encrypted', (scene) => scene.response(scene.assertion())],
]

for (const [name, build] of twins) {
  t.test(`taken: ${name}`, async (t) => {
    const scene = await SamlScene.begun({ decryption: decryptionKey() })
    t.equal(said(await scene.complete(build(scene))), 'alice@example.org')
  })
}

t.test('without a key here, an encrypted assertion is refused as such', async (t) => {
  const scene = await SamlScene.begun()
  t.equal(said(await scene.complete(sealed({})(scene))), 'alg_not_allowed')
})

t.test('whatever is wrong behind the key, the answer is one and the same', async (t) => {
  const scene = await SamlScene.begun({ decryption: decryptionKey() })
  const wrong = [
    sealed({ spoil: (bytes) => bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40) }),
    (one: SamlScene) => one.response(encrypted(one.assertion(), keys().other.cert)),
    text(() => 'x'.repeat(300)),
    text((one) => `<!DOCTYPE x>${one.assertion()}`),
    text((one) => to(one)),
  ]
  const answers = new Set<string>()
  for (const build of wrong) answers.add(JSON.stringify(await scene.complete(build(scene))))
  t.equal(answers.size, 1)
})
