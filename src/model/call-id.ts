/**
 * The id of a call as it is sealed: with the model that was decided when the call was made, so that who joins it is decided
 * by that. It is a claim until the seal is opened, and until the upstream has told of the session.
 */

const LABEL = '.m-'
const LABELLED = /^(rtc_[A-Za-z0-9_-]+)\.m-([A-Za-z0-9_-]+)$/
/** What the ids of calls look like. */
export const CALL_ID = /^rtc_[A-Za-z0-9_-]{1,128}$/

export function labelledCall(id: string, model: string): string {
  return id + LABEL + Buffer.from(model).toString('base64url')
}

/** The id as its upstream knows it; every other id is as it was. */
export function unlabelledCall(id: string): string {
  return LABELLED.exec(id)?.[1] ?? id
}

/** The model that an id names, sealed or not; undefined where it names none. */
export function modelOfCallId(id: string): string | undefined {
  const at = id.indexOf(LABEL)
  const written = at === -1 || !id.startsWith('rtc_') ? undefined : id.slice(at + LABEL.length).split('.')[0]
  if (written === undefined || written === '') return undefined
  const model = Buffer.from(written, 'base64url').toString('utf8')
  return Buffer.from(model).toString('base64url') === written ? model : undefined
}
