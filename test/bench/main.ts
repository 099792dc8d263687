// Sallyport beside what it could be compared with, interleaved in one run. Ratios of one run are what counts; absolute
// figures move with the machine. Run it with `npm run bench`; `-- --help` names the options.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measureAll } from './rounds.ts'

const HELP = `npm run bench -- [--rounds 15] [--seconds 0.3] [--connections 64] [--quick] [--without-sallyport] [--only TEXT]
  --quick              two short rounds: does it work, not how fast
  --only TEXT          only the workload of that name, or those whose name holds TEXT
  --without-sallyport  the others alone
  --node-argument A    an argument for the Node that runs Sallyport, such as --cpu-prof
`

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    connections: { type: 'string', default: '64' },
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    'without-sallyport': { type: 'boolean', default: false },
    'node-argument': { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', default: false },
  },
})

async function main(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  try {
    const { text, problems } = await measureAll({
      folder,
      rounds: Number(values.rounds ?? (values.quick ? 2 : 15)),
      seconds: Number(values.seconds ?? 0.3),
      connections: Number(values.connections),
      only: values.only,
      withSallyport: !values['without-sallyport'],
      nodeArguments: values['node-argument'],
    })
    process.stdout.write(text)
    for (const problem of problems) process.stderr.write(`INVALID: ${problem}\n`)
    return problems.length === 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (values.help) process.stdout.write(HELP)
else process.exitCode = await main()
