import t from 'tap'
import { readServerMessage } from '../../../../src/endpoints/realtime/server-message.ts'
import { Tally } from '../../../../src/pipeline/realtime/tally.ts'

const WRITTEN = 'conversation.item.input_audio_transcription.completed'

t.test('what is counted in seconds stands beside what is counted in tokens', async (t) => {
  const rows = [
    [
      'seconds',
      [
        { type: 'duration', seconds: 1.5 },
        { type: 'duration', seconds: 2.2501 },
      ],
      3.75,
      undefined,
    ],
    ['tokens', [{ type: 'tokens', input_tokens: 3, output_tokens: 1 }], undefined, { inputTokens: 3, outputTokens: 1 }],
    ['both', [{ seconds: 1 }, { input_tokens: 3 }], 1, { inputTokens: 3 }],
    ['nothing', [], undefined, undefined],
  ] as const
  for (const [name, usages, seconds, usage] of rows) {
    const tally = new Tally()
    for (const usage of usages) {
      const told = readServerMessage(Buffer.from(JSON.stringify({ type: WRITTEN, usage })))
      if (told) tally.told(told)
    }
    const { session, facts } = tally.ending('answered', 1000)
    t.same([session?.extra['session.transcribed_seconds'], facts.usage], [seconds, usage], name)
  }
})
