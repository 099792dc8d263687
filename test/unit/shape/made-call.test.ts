import t from 'tap'
import { labelledCall, modelOfCallId, unlabelledCall } from '../../../src/model/call-id.ts'
import { madeCallId } from '../../../src/shape/made-call.ts'

const PLACE = { url: 'https://api.example/openai/v1', basePath: '/openai/v1' }
const places = [
  ['a path of the API', '/v1/realtime/calls/rtc_1', 'rtc_1'],
  ['a path of the upstream', '/openai/v1/realtime/calls/rtc_u0_9-a', 'rtc_u0_9-a'],
  ['the upstream itself', 'https://api.example/v1/realtime/calls/rtc_1', 'rtc_1'],
  ['nothing', undefined, null],
  ['another host', 'https://api.example.evil/v1/realtime/calls/rtc_1', null],
  ['another host without its scheme', '//evil.example/v1/realtime/calls/rtc_1', null],
  ['a host with somebody before it', 'https://x@api.example/v1/realtime/calls/rtc_1', null],
  ['another scheme', 'http://api.example/v1/realtime/calls/rtc_1', null],
  ['another path', '/v1/realtime/rtc_1', null],
  ['a query', '/v1/realtime/calls/rtc_1?x=1', null],
  ['a step up', '/v1/realtime/calls/../rtc_1', null],
  ['another id', '/v1/realtime/calls/file_1', null],
  ['an id that could be sealed already', '/v1/realtime/calls/rtc_1.m-Z3B0', null],
  ['an end of a line', '/v1/realtime/calls/rtc_1\n', null],
] as const

t.test('where an upstream says that its call is', async (t) => {
  for (const [name, location, id] of places) t.equal(madeCallId(location, PLACE), id, name)
})

t.test('the id of a call has its model, and is what it was without it', async (t) => {
  for (const model of ['gpt-realtime', 'org/model:1.2', 'é']) {
    const id = labelledCall('rtc_1', model)
    t.match(id, /^rtc_1\.m-[\w-]+$/)
    t.same([unlabelledCall(id), modelOfCallId(id), modelOfCallId(`${id}.sp1abc`)], ['rtc_1', model, model])
  }
  for (const other of ['rtc_1', 'file-1.m-Z3B0', 'rtc_1.m-', 'rtc_1.m-=', 'rtc_1.m-Z3B0=', 'x.rtc_1.m-Z3B0']) {
    t.same([unlabelledCall(other), modelOfCallId(other)], [other, undefined], other)
  }
})
