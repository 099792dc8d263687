import t from 'tap'
import { modelNameProblem } from '../../../src/endpoints/model-name.ts'

t.test('names of models', async (t) => {
  const sound = ['gpt-4o', 'ft:gpt-4o:org::id', 'meta-llama/Llama-3.1-8B', 'a b', 'modèle', '模型', '*', 'constructor']
  for (const name of [...sound, 'x'.repeat(256)]) t.equal(modelNameProblem(name), null, name)
  const refused = [
    '',
    ' ',
    ' gpt-4o',
    'gpt-4o ',
    'gpt-4o\n',
    'gpt\u0000',
    'gpt\u200b-4o',
    'gpt\u202e',
    '\ufeffgpt',
    'a\u2028b',
    'a,b',
    'a@preset/b',
    'a@Preset/b',
  ]
  for (const name of [...refused, '\ud800', 'a\u00adb', 'x'.repeat(257), 'gpt-4o\u00a0']) {
    t.type(
      modelNameProblem(name),
      'string',
      `refuses ${[...name].map((letter) => letter.codePointAt(0)?.toString(16)).join(' ')}`,
    )
  }
})
