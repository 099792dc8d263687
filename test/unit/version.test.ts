import { readFileSync } from 'node:fs'
import t from 'tap'
import { VERSION } from '../../src/model/version.ts'

t.test('the program tells the version of its package', async (t) => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  t.equal(VERSION, version)
})
