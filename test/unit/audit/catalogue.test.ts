import t from 'tap'
import { CATALOGUE, type CatalogueRow, EXPECTED_TYPES } from '../../../src/audit/catalogue.ts'

for (const [action, row] of Object.entries<CatalogueRow>(CATALOGUE)) {
  t.test(`${action} has types that ECS expects of its categories`, async (t) => {
    t.ok(row.category.length > 0 && row.type.length > 0)
    for (const type of row.type) {
      t.ok(
        row.category.some((category) => (EXPECTED_TYPES[category] as readonly string[]).includes(type)),
        type,
      )
    }
  })
}

const rows = [
  ['request-authorized', ['api'], ['allowed'], 'success'],
  ['request-denied', ['api'], ['denied'], 'success'],
  ['authentication-failed', ['authentication', 'api'], ['start', 'denied'], 'failure'],
  ['completion-finished', ['api'], ['end'], 'success'],
  ['completion-truncated', ['api'], ['end'], 'success'],
  ['completion-aborted', ['api'], ['end'], 'unknown'],
  ['completion-failed', ['api'], ['end'], 'failure'],
  ['policy-rejected', ['configuration'], ['change'], 'failure'],
  ['proxy-started', ['process'], ['start'], 'success'],
  ['proxy-stopped', ['process'], ['end'], 'success'],
] as const

for (const [action, category, type, outcome] of rows) {
  t.test(`${action} is what the published catalogue says`, async (t) => {
    const row = CATALOGUE[action]
    t.same({ category: row.category, type: row.type, outcome: row.outcome }, { category, type, outcome })
  })
}

t.test(
  'what is lost of the audit, guessed passwords, locked accounts and stolen tokens are alerts, and nothing else is',
  async (t) => {
    const alerts = Object.entries<CatalogueRow>(CATALOGUE).filter(([, { kind }]) => kind === 'alert')
    t.same(
      alerts.map(([action]) => action),
      [
        'authentication-throttled',
        'refresh-token-reused',
        'account-locked',
        'audit-degraded',
        'audit-recovered',
        'audit-gap',
      ],
    )
  },
)
