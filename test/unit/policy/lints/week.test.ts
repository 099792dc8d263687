import t from 'tap'
import { isApart, isWholeWeek, isWithin } from '../../../../src/policy/lints/week.ts'
import type { WhenDocument } from '../../../../src/policy/schema.ts'

type Time = NonNullable<WhenDocument['time']>
const on = (days: readonly string[] | null, from?: string, to?: string) =>
  ({ zone: 'UTC', ...(days && { days }), ...(from && { from, to }) }) as Time

const within: readonly (readonly [sentence: string, inner: Time, outer: Time, isWithin: boolean])[] = [
  ['a day of two', on(['mon']), on(['mon', 'tue']), true],
  ['two days, where one is meant', on(['mon', 'tue']), on(['mon']), false],
  ['shorter hours', on(null, '09:00', '17:00'), on(null, '08:00', '18:00'), true],
  ['the same hours', on(null, '09:00', '17:00'), on(null, '09:00', '17:00'), true],
  ['hours that begin before', on(null, '07:59', '17:00'), on(null, '08:00', '18:00'), false],
  ['hours that end after', on(null, '09:00', '18:01'), on(null, '08:00', '18:00'), false],
  ['a night of two days', on(['mon'], '22:00', '06:00'), on(['mon', 'tue']), true],
  ['a night, where its first day is meant', on(['mon'], '22:00', '06:00'), on(['mon']), false],
  ['the night of the week’s end', on(['sat'], '22:00', '06:00'), on(['sat', 'sun']), true],
  ['the same night, where its first day is meant', on(['sat'], '22:00', '06:00'), on(['sat']), false],
  ['an early morning of a night', on(['sun'], '01:00', '06:00'), on(['sat'], '22:00', '06:00'), true],
  ['a later morning than the night', on(['sun'], '01:00', '06:01'), on(['sat'], '22:00', '06:00'), false],
  ['a whole week of days', on(null), on(null, '00:00', '24:00'), true],
  ['a day up to midnight', on(['mon'], '12:00', '00:00'), on(['mon']), true],
]
for (const [sentence, inner, outer, is] of within) {
  t.test(`within: ${sentence}`, async (t) => t.equal(isWithin(inner, outer), is))
}

const apart: readonly (readonly [sentence: string, one: Time, other: Time, isApart: boolean])[] = [
  ['other days', on(['mon']), on(['tue', 'thu']), true],
  ['a day in common', on(['mon', 'wed']), on(['wed', 'fri']), false],
  ['hours one after the other', on(null, '09:00', '12:00'), on(null, '12:00', '15:00'), true],
  ['hours with a minute in common', on(null, '09:00', '12:01'), on(null, '12:00', '15:00'), false],
  ['a night and its next day', on(['mon'], '22:00', '06:00'), on(['tue']), false],
  ['a night and the day after', on(['mon'], '22:00', '06:00'), on(['wed']), true],
  ['the night of the week’s end and Sunday', on(['sat'], '22:00', '06:00'), on(['sun']), false],
  [
    'the night of the week’s end and Sunday’s first minute',
    on(['sat'], '22:00', '06:00'),
    on(['sun'], '00:00', '00:01'),
    false,
  ],
  ['the night of the week’s end and Sunday’s noon', on(['sat'], '22:00', '06:00'), on(['sun'], '06:00', '12:00'), true],
]
for (const [sentence, one, other, is] of apart) {
  t.test(`apart: ${sentence}`, async (t) => {
    t.equal(isApart(one, other), is)
    t.equal(isApart(other, one), is, 'the other way round')
  })
}

const whole: readonly (readonly [sentence: string, time: Time, isWhole: boolean])[] = [
  ['no days and no hours', on(null), true],
  ['each day by its name', on(['sat', 'fri', 'thu', 'wed', 'tue', 'mon', 'sun']), true],
  ['all days but the first', on(['mon', 'tue', 'wed', 'thu', 'fri', 'sat']), false],
  ['all days but the last', on(['sun', 'mon', 'tue', 'wed', 'thu', 'fri']), false],
  ['all days but one between', on(['sun', 'mon', 'tue', 'thu', 'fri', 'sat']), false],
  ['hours from midnight to midnight', on(null, '00:00', '24:00'), true],
  ['all but a minute of each day', on(null, '00:01', '00:00'), false],
]
for (const [sentence, time, is] of whole) {
  t.test(`the whole week: ${sentence}`, async (t) => t.equal(isWholeWeek(time), is))
}
