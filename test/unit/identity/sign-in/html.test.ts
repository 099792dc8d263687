import fc from 'fast-check'
import t from 'tap'
import { html, named } from '../../../../src/identity/sign-in/html.ts'

const table: readonly (readonly [string, string, string])[] = [
  ['signs of markup', `<b a="1" c='2'>&amp;`, '&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;'],
  ['letters of every language', 'Zoë 漢字 🙂', 'Zoë 漢字 🙂'],
  ['what turns the direction of text', 'a\u202eb\u2066c', 'a\ufffdb\ufffdc'],
  ['control characters', 'a\u0000b\u001b[31m\tc', 'a\ufffdb\ufffd[31m\ufffdc'],
  ['lines', 'a\nb', 'a\nb'],
  ['half a character', 'a\ud800b', 'a\ufffdb'],
]

t.test('values are text', async (t) => {
  for (const [name, value, written] of table) t.equal(String(html`<p>${value}</p>`), `<p>${written}</p>`, name)
  t.equal(
    String(html`<p>${named('<')}${null}${3}${[html`<b>1</b>`, html`<b>2</b>`]}</p>`),
    '<p><bdi>&lt;</bdi>3<b>1</b><b>2</b></p>',
  )
})

t.test('no value ends the place that it stands in', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const written = String(html`${value}`)
      return !/[<>"']/.test(written) && !/&(?!(?:amp|lt|gt|quot|#39);)/.test(written)
    }),
  )
  t.pass()
})
