import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { spoolFolderFault } from '../../../src/stores/spool-folder.ts'

const folder = t.testdir()
mkdirSync(join(folder, 'there'))
writeFileSync(join(folder, 'file'), '')
symlinkSync('nowhere', join(folder, 'link'))

t.test('a folder that can be used, or made, is none to complain of, and nothing stays behind', async (t) => {
  for (const name of ['there', 'there/spool', 'spool']) t.equal(await spoolFolderFault(join(folder, name)), null, name)
  t.same(readdirSync(join(folder, 'there')), [])
  t.same(readdirSync(folder).sort(), ['file', 'link', 'there'])
})

const ROWS = [
  ['file', 'that is no folder'],
  ['file/spool', 'that is no folder'],
  ['link', 'it is a link that leads nowhere'],
  ['no/spool', `there is no such folder, and none can be made in \`${join(folder, 'no')}\`: there is no such folder`],
] as const

t.test('any other one is told of, with what is wrong', async (t) => {
  for (const [name, why] of ROWS) {
    const path = join(folder, name)
    t.equal(await spoolFolderFault(path), `uploads cannot be kept in \`${path}\`: ${why}`, name)
  }
})

t.test(
  'a folder that takes no files',
  { skip: process.platform !== 'linux' && 'left out: /proc is of Linux' },
  async (t) => {
    t.match(
      await spoolFolderFault('/proc/spool'),
      /^uploads cannot be kept in `\/proc\/spool`: there is no such folder, and/,
    )
  },
)
