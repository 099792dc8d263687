import { type Static, Type } from 'typebox'
import { closed, text, word } from '../../schema/parts.ts'
import { DAYS, isZone, type LocalTime, minuteOfDay, wallClock } from '../local-time.ts'
import { yesOrNo } from '../three-valued.ts'
import { CANNOT_TELL, type ConditionFault, defineCondition } from './condition.ts'

const hour = (pattern: string, description: string) =>
  Type.String({ pattern, description, patternErrorMessage: 'a time such as `07:00`, in quotes' })

const schema = closed('when the request arrives, by the wall clock of a zone', {
  days: Type.Optional(
    Type.Array(word('a day', DAYS), {
      minItems: 1,
      uniqueItems: true,
      description: 'the days; every day when left out. A window over midnight belongs to the day on which it begins',
    }),
  ),
  from: Type.Optional(hour('^([01][0-9]|2[0-3]):[0-5][0-9]$', 'the first minute of the window')),
  to: Type.Optional(
    hour('^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$', 'the first minute after it; before `from` it is of the next day'),
  ),
  zone: text('the time zone, such as Europe/Berlin'),
})

/** Holds inside the window: `from` inclusive, `to` exclusive, over midnight when `from` is after `to`. */
export const time = defineCondition({
  name: 'time',
  schema,
  check,
  compile: (written) => {
    const isDay = DAYS.map((day) => written.days?.includes(day) ?? true)
    const from = written.from === undefined ? 0 : minuteOfDay(written.from)
    const to = written.to === undefined ? 1440 : minuteOfDay(written.to)
    const clock = wallClock(written.zone)
    return ({ at }) => {
      const now = clock(at)
      return now === null ? 'unknown' : yesOrNo(isInside(now, isDay, from, to))
    }
  },
  want: ({ days, from, to, zone }) => {
    const hours = from === undefined ? '' : `${from} to ${to} `
    return `${days ? `${days.join(', ')} ` : ''}${hours}${zone}`
  },
  got: ({ at }, { zone }) => {
    const now = wallClock(zone)(at)
    if (now === null) return CANNOT_TELL
    const clock = `${String(Math.floor(now.minute / 60)).padStart(2, '0')}:${String(now.minute % 60).padStart(2, '0')}`
    return `${DAYS[now.day]} ${clock} ${zone}`
  },
})

function isInside({ day, minute }: LocalTime, isDay: readonly boolean[], from: number, to: number): boolean {
  if (from < to) return isDay[day] === true && minute >= from && minute < to
  return (isDay[day] === true && minute >= from) || (isDay[(day + 6) % 7] === true && minute < to)
}

function check({ days, from, to, zone }: Static<typeof schema>): ConditionFault[] {
  const found: ConditionFault[] = []
  if (!isZone(zone)) {
    found.push({ path: ['zone'], code: 'unknown_zone', message: '`zone` must be a time zone such as `Europe/Berlin`' })
  }
  if ((from === undefined) !== (to === undefined)) {
    found.push({ path: [], code: 'incomplete', message: '`from` and `to` stand together; write both or none' })
  } else if (from !== undefined && from === to) {
    found.push({
      path: ['to'],
      code: 'wrong_value',
      message: '`to` must differ from `from`; leave both out for all day',
    })
  } else if (from === undefined && days === undefined) {
    found.push({ path: [], code: 'incomplete', message: '`time` needs `days`, or `from` and `to`' })
  }
  return found
}
