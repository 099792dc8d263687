import fc from 'fast-check'
import t from 'tap'
import { type AnswerFormName, answerForm } from '../../src/endpoints/answer-forms.ts'
import { ENDPOINTS } from '../../src/endpoints/index.ts'
import { isolationOf } from '../../src/endpoints/isolation.ts'
import { openAnswerSealer } from '../../src/endpoints/seal-answer.ts'
import type { Sealer } from '../../src/model/sealing.ts'
import { edited } from '../../src/shape/edits.ts'
import { openBody } from '../../src/shape/open-body.ts'
import { jsonText } from '../support/sealed-answer.ts'
import { sealerOf } from '../support/sealing.ts'

const mine = sealerOf()
const theirs = sealerOf({ scope: { kind: 'workspace', workspace: 'sales' } })

function answered(form: AnswerFormName, text: string, sealer: Sealer): string {
  return openAnswerSealer(answerForm(form), 'json', sealer.suffix).push(Buffer.from(text)).toString()
}

function forwarded(text: string, sealer: Sealer): string | null {
  const opened = openBody(text, { noted: [], isStrict: true }, sealer.open)
  return opened.ok ? edited(text, opened.value) : null
}

/** The forms whose operations must be asked with sealed ids only. */
const strict = [
  ...new Set(ENDPOINTS.map(isolationOf).flatMap((row) => (row.kind === 'sealed' && row.isStrict ? [row.form] : []))),
]
const form = fc.constantFrom(...strict)
/** How an upstream may repeat what it was sent. */
const echo = fc.constantFrom(
  (text: string) => text,
  (text: string) => `{"data":[${text}]}`,
  (text: string) => `{"output":[{"content":${text}}],"tools":[${text}],"instructions":[${text}]}`,
  (text: string) => `{"response":{"tools":${text},"conversation":${text}},"item":${text},"delta":${text}}`,
  (text: string) => `{"tool_resources":{"file_search":${text}},"attachments":[${text}],"file":${text}}`,
  (text: string) => `{"metadata":${text},"x":[${text}]}`,
)
const body = jsonText.filter((text) => text.trimStart().startsWith('{')).map((text) => text.toWellFormed())

t.test('nothing that a caller makes up comes back to it sealed, whatever an upstream repeats', async (t) => {
  let passed = 0
  fc.assert(
    fc.property(form, body, echo, (form, text, echo) => {
      const sent = forwarded(text, mine)
      if (sent === null) return true
      passed++
      return sent === text && answered(form, echo(sent), mine) === echo(sent)
    }),
    { numRuns: 5000 },
  )
  t.ok(passed > 100, `${passed} were passed on`)
})

t.test('what an upstream repeats of opened ids comes back as it was sent, and opens for nobody else', async (t) => {
  let sealedOnce = 0
  fc.assert(
    fc.property(form, body, (form, text) => {
      const sealed = answered(form, text, mine)
      const sent = forwarded(sealed, mine)
      if (sent === null || sealed === text) return true
      sealedOnce++
      return answered(form, sent, mine) === sealed && forwarded(sealed, theirs) === null
    }),
    { numRuns: 5000 },
  )
  t.ok(sealedOnce > 10, `${sealedOnce} had an id`)
})
