import fc from 'fast-check'
import t from 'tap'
import { canonicalPassword, isPassword } from '../../../../src/identity/local/password-form.ts'
import { newPassword, passwordFault } from '../../../../src/identity/local/password-rules.ts'

const OWNER = { name: 'j.o.smithson', display: 'Jörg Smithson', email: 'joerg@clinic.example' }
type Found = 'good' | 'short' | 'guessed' | 'form'

const says = (password: string): Found => {
  const fault = passwordFault(password, OWNER)
  if (fault === null) return 'good'
  return fault.includes('at least 15') ? 'short' : fault.includes('guessed first') ? 'guessed' : 'form'
}

const rows: readonly (readonly [name: string, password: string, found: Found])[] = [
  ['four words', 'lantern ravioli umbra quilt', 'good'],
  ['fifteen letters', 'vkwpzrbtnhgqxlm', 'good'],
  ['fourteen', 'vkwpzrbtnhgqxl', 'short'],
  ['only small letters', 'mytableneedsfourgreenlegs', 'good'],
  ['only digits of chance', '830275916473028', 'good'],
  ['fifteen letters of another script', 'κρυφόςκήποςμουδύο', 'good'],
  ['fourteen signs of two units each', '🦊🐢🌵🚲🎻🧭🪁🦉🍉🏔🪐🦔🧶🪓', 'short'],
  ['fifteen of them', '🦊🐢🌵🚲🎻🧭🪁🦉🍉🏔🪐🦔🧶🪓🥨', 'good'],
  ['spaces at its ends are a part of it', ' lantern umbra ', 'good'],
  ['sixty-four and more', 'x9'.repeat(2) + 'lantern ravioli umbra quilt '.repeat(4), 'good'],
  ['a word that everybody takes, twice', 'passwordpassword', 'guessed'],
  ['with what rules of composition made of it', 'Password12345678!', 'guessed'],
  ['with digits for letters', 'P@ssw0rdP4$$w0rd1', 'guessed'],
  ['keys beside each other', 'qwertyuiopasdfghjkl', 'guessed'],
  ['keys above each other', '1qaz2wsx3edc4rfv', 'guessed'],
  ['keys backwards', 'lkjhgfdsapoiuytrewq', 'guessed'],
  ['one letter', 'aaaaaaaaaaaaaaaaaaaa', 'guessed'],
  ['some letters over and over', 'abxabxabxabxabxabx', 'guessed'],
  ['digits in their order', '123456789012345678', 'guessed'],
  ['the alphabet', 'abcdefghijklmnopqrst', 'guessed'],
  ['a season and a year', 'Summer2026!Summer2026!', 'guessed'],
  ['words of that list with spaces', 'dragon monkey sunshine', 'guessed'],
  ['the famous one', 'correct horse battery staple', 'guessed'],
  ['the name of the user', 'j.o.smithson1234', 'guessed'],
  ['their name', 'Smithson Jörg 2026', 'guessed'],
  ['their address', 'joerg@clinic.example', 'guessed'],
  ['what it is for', 'sallyport proxy openai', 'guessed'],
  ['in full width', 'ｐａｓｓｗｏｒｄｐａｓｓｗｏｒｄ', 'guessed'],
  ['with one of those words among others', 'dragon ravioli umbra quilt', 'good'],
  ['nothing', '', 'form'],
  ['a line break', 'lantern ravioli\numbra quilt', 'form'],
  ['no text', `lantern ravioli umbra\ud800`, 'form'],
  ['endless', 'lantern ravioli '.repeat(100), 'form'],
]
t.test('which passwords may be set', async (t) => {
  for (const [name, password, found] of rows) t.equal(says(password), found, name)
})

t.test('a password is found wanting for its length in characters alone, or for what it is made of', async () => {
  const letters = fc.constantFrom(...'bdfhjlnprtvxzcgkmqswy')
  fc.assert(
    fc.property(fc.array(letters, { minLength: 15, maxLength: 64 }), (chosen) => {
      const word = chosen.join('')
      const distinct = new Set(chosen).size
      // Of so many different letters hardly any is in a run.
      return distinct < 14 || says(word) === 'good'
    }),
  )
})

t.test('any text is judged, and quickly', async (t) => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 1100 }), (text) => says(text).length > 0))
  for (const text of ['a'.repeat(1024), 'ab'.repeat(512), 'password'.repeat(128)]) t.equal(says(text), 'guessed')
})

t.test('one that is made here is good, and never twice the same', async (t) => {
  const made = Array.from({ length: 50 }, newPassword)
  t.equal(new Set(made).size, 50)
  for (const password of made) {
    t.match(password, /^([0-9a-hjkmnp-tv-z]{5}-){3}[0-9a-hjkmnp-tv-z]{5}$/)
    t.equal(says(password), 'good')
  }
})

t.test('the same letters are the same password', async (t) => {
  t.equal(canonicalPassword('e\u0301'), canonicalPassword('\u00e9'))
  t.equal(canonicalPassword(' a  b '), ' a  b ', 'nothing is cut off')
  t.equal(isPassword('a'), true)
})
