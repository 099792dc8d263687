import type { Endpoint } from './endpoint.ts'
import { send, upload } from './operation.ts'

export const images: readonly Endpoint[] = [
  send('images.generate', '/v1/images/generations', {
    stored: false,
    streams: 'asked',
    model: 'optional',
    models: ['.model', '.svg.model'],
    answer: 'embedding',
    known: [
      ...['prompt', 'background', 'complexity', 'frame_count', 'frame_duration_ms', 'output_compression'],
      ...['output_format', 'partial_images', 'quality', 'size', 'style', 'svg'],
    ],
  }),
  upload('images.edit', '/v1/images/edits', {
    stored: false,
    streams: 'asked',
    model: 'optional',
    models: ['form model', 'form svg.model'],
    answer: 'embedding',
  }),
  upload('images.variation', '/v1/images/variations', { stored: false, model: 'optional', models: ['form model'] }),
]
