import type { Endpoint } from './endpoint.ts'
import { act, get, list, remove, send } from './operation.ts'

const EVAL = '/v1/evals/{eval}'
const RUN = `${EVAL}/runs/{eval_run}`

export const evals: readonly Endpoint[] = [
  send('evals.create', '/v1/evals', {
    model: 'nested',
    models: ['.testing_criteria[].model', '.testing_criteria[].graders.*.model'],
    known: ['name', 'data_source_config', 'testing_criteria'],
  }),
  list('evals.list', '/v1/evals', 'eval', { order: null, order_by: null }),
  get('evals.get', EVAL),
  send('evals.update', EVAL, { known: ['name'] }),
  remove('evals.delete', EVAL),
  // The graders of the stored eval say their models, whatever the run names.
  send('evals.runs.create', `${EVAL}/runs`, {
    model: 'indirect',
    runsStored: true,
    models: [
      ...['.data_source.model', '.data_source.source.model', '.data_source.sampling_params.tools[].model'],
      '.data_source.input_messages.template[].tools[].model',
    ],
    known: ['name', 'data_source'],
  }),
  list('evals.runs.list', `${EVAL}/runs`, 'eval_run', { order: null, status: null }),
  get('evals.runs.get', RUN),
  act('evals.runs.cancel', `${RUN}/cancel`),
  remove('evals.runs.delete', RUN),
  list('evals.runs.output_items.list', `${RUN}/output_items`, 'output_item', { order: null, status: null }),
  get('evals.runs.output_items.get', `${RUN}/output_items/{output_item}`),
]
