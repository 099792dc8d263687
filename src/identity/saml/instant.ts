/** Epoch milliseconds of a time in UTC as SAML core section 1.3.3 has it; null for what is none. */
export function instantMs(written: string | undefined): number | null {
  if (written === undefined) return null
  const parts = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?Z$/.exec(written)
  if (parts === null) return null
  const [, seconds = '', fraction = ''] = parts
  const ms = Date.parse(`${seconds}Z`)
  // `2026-02-30` would be taken for a day in March.
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(seconds)) return null
  return ms + Number(fraction.slice(0, 3).padEnd(3, '0'))
}
