import { createOpenAI } from '@ai-sdk/openai'
import { APICallError, embed, generateText, streamText } from 'ai'
import t from 'tap'
import { TEXT, USAGE } from '../support/model-answers.ts'
import { ALICE, BOB, endInOrder, startWorld } from '../support/world.ts'

t.test('the Vercel AI SDK runs unchanged', async (t) => {
  const world = await startWorld(t)
  const { proxy } = world
  const provider = async (person: string) => createOpenAI({ baseURL: proxy.baseUrl, apiKey: await world.token(person) })
  const openai = await provider(ALICE)
  const apis = [
    ['chat', openai.chat('gpt-4o-mini')],
    ['responses', openai.responses('gpt-4o-mini')],
    ['completions', openai.completion('gpt-4o-mini')],
  ] as const

  for (const [operation, model] of apis) {
    await t.test(`generateText by ${operation}`, async (t) => {
      const { text, usage } = await generateText({ model, prompt: 'hello', maxRetries: 0 })
      t.equal(text, TEXT)
      t.same([usage.inputTokens, usage.outputTokens], [USAGE.input, USAGE.output])
    })

    await t.test(`streamText by ${operation}`, async (t) => {
      const { textStream } = streamText({ model, prompt: 'hello', maxRetries: 0 })
      let text = ''
      for await (const part of textStream) text += part
      t.equal(text, TEXT)
      const complete = await proxy.audit.lines.until(
        (lines) =>
          lines.findLast(
            (line) =>
              line.stage === 'complete' &&
              line.get('sallyport.operation') === operation &&
              line.get('sallyport.stream') === true,
          ),
        'the end of the stream',
      )
      t.same([complete.action, complete.get('user.id')], ['completion-finished', ALICE])
      t.equal(complete.get('gen_ai.usage.output_tokens'), USAGE.output)
    })
  }

  await t.test('embed', async (t) => {
    const { embedding } = await embed({ model: openai.embedding('text-embedding-3-small'), value: 'hello' })
    t.same(embedding, [0.25, -0.5, 0.125])
  })

  await t.test('a denial is an error that is not tried again', async (t) => {
    const before = proxy.audit.withAction('request-denied').length
    const denied = (await provider(BOB)).chat('gpt-4o-mini')
    const error = await generateText({ model: denied, prompt: 'hello' }).then(
      () => null,
      (cause: unknown) => cause,
    )
    t.ok(APICallError.isInstance(error))
    if (APICallError.isInstance(error)) t.same([error.statusCode, error.isRetryable], [403, false])
    t.equal(proxy.audit.withAction('request-denied').length, before + 1)
  })

  await endInOrder(t, world)
})
