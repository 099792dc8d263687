import t from 'tap'
import { markdownText } from '../../../src/analysis/markdown-text.ts'

const table: readonly (readonly [sentence: string, text: string, written: string])[] = [
  ['plain text', 'gpt-4o, from 10.0.0.0/8', 'gpt-4o, from 10.0.0.0/8'],
  ["a cell's end", 'a|b', 'a\\|b'],
  ["a cell's end that is escaped already", 'a\\|b', 'a\\\\\\|b'],
  ['emphasis', '*a* _b_ ~c~', '\\*a\\* \\_b\\_ \\~c\\~'],
  ['code', 'a`b`', 'a\\`b\\`'],
  ['a tag', '<img src=x onerror=y>', '\\<img src=x onerror=y\\>'],
  ['an entity', '&lt;', '\\&lt;'],
  ['a link', '[a](b)', '\\[a\\](b)'],
  ['an image', '![a](b)', '\\!\\[a\\](b)'],
  ['mathematics', '$a$', '\\$a\\$'],
  ['a set, which is a mention', '@small', '`@small`'],
  ['a mention in a sentence', 'with (rule @team/x), or', 'with (rule `@team/x`), or'],
  ['an address for mail', '"a@b.example"', '"`a@b.example`"'],
  ['a reference', '#12', '`#12`'],
  ['a link that is an address', 'see https://evil.example/a_b.', 'see `https://evil.example/a_b`.'],
  ['one without a scheme', 'WWW.evil.example', '`WWW.evil.example`'],
  ['a mail link', 'mailto:a', '`mailto:a`'],
  ['a mention with a fence in it', '@a`b``c', '```@a`b``c```'],
  ['a mention at a fence', '`@a`', '`` `@a` ``'],
  ["a mention and a cell's end", '@a|@b', '`@a`\\|`@b`'],
  ["a mention, a backslash and a cell's end", '@a\\|b', '`@a\\`\\|b'],
  ['a mention that is punctuation alone', '@', '`@`'],
]
for (const [sentence, text, written] of table) {
  t.test(`Markdown shows ${sentence} as it is`, async (t) => t.equal(markdownText(text), written))
}
