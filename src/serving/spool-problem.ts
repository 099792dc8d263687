import type { Loaded } from '../config/load-all.ts'
import type { PlacedProblem } from '../model/problem.ts'
import { spoolFolderFault } from '../stores/spool-folder.ts'

/**
 * What keeps the folder of uploads from being used, as a problem of the config; none where it can be. Not a part of
 * loading: a disk that fails later must not keep a new policy from coming into force.
 */
export async function spoolProblems({
  settings,
  place,
}: Pick<Loaded<unknown>, 'settings' | 'place'>): Promise<readonly PlacedProblem[]> {
  const message = settings === null ? null : await spoolFolderFault(settings.listen.spool)
  if (message === null) return []
  return [place({ path: ['listen', 'spool'], severity: 'error', code: 'spool_unusable', message })]
}
