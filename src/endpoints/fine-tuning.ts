import type { Endpoint } from './endpoint.ts'
import { act, get, list, remove, send } from './operation.ts'

const JOB = '/v1/fine_tuning/jobs/{fine_tuning_job}'
const PERMISSIONS = '/v1/fine_tuning/checkpoints/{model}/permissions'
const GRADER = ['.grader.model', '.grader.graders.model', '.grader.graders.*.model']

export const fineTuning: readonly Endpoint[] = [
  send('fine_tuning.jobs.create', '/v1/fine_tuning/jobs', {
    model: 'required',
    models: ['.model', ...GRADER.map((place) => `.method.reinforcement${place}`)],
    known: ['method', 'hyperparameters', 'integrations'],
    ids: ['training_file', 'validation_file'],
  }),
  list('fine_tuning.jobs.list', '/v1/fine_tuning/jobs', 'fine_tuning_job', { 'metadata[*]': null }),
  get('fine_tuning.jobs.get', JOB),
  act('fine_tuning.jobs.cancel', `${JOB}/cancel`),
  act('fine_tuning.jobs.pause', `${JOB}/pause`),
  act('fine_tuning.jobs.resume', `${JOB}/resume`, { model: 'indirect' }),
  list('fine_tuning.jobs.list_events', `${JOB}/events`, 'event', {}),
  list('fine_tuning.jobs.checkpoints.list', `${JOB}/checkpoints`, 'checkpoint', {}),
  // Shares a model with other projects.
  send('fine_tuning.checkpoints.permissions.create', PERMISSIONS, {
    model: 'path',
    models: ['{model}'],
    ids: ['project_ids'],
  }),
  list(
    'fine_tuning.checkpoints.permissions.list',
    PERMISSIONS,
    'permission',
    { order: null, project_id: 'project' },
    { model: 'path', models: ['{model}'] },
  ),
  remove('fine_tuning.checkpoints.permissions.delete', `${PERMISSIONS}/{permission}`, {
    model: 'path',
    models: ['{model}'],
  }),
  send('fine_tuning.alpha.graders.run', '/v1/fine_tuning/alpha/graders/run', {
    stored: false,
    model: 'nested',
    models: GRADER,
    known: ['grader', 'model_sample', 'item'],
  }),
  send('fine_tuning.alpha.graders.validate', '/v1/fine_tuning/alpha/graders/validate', {
    stored: false,
    model: 'nested',
    models: GRADER,
    known: ['grader'],
  }),
]
