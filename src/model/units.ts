const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const BYTES = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const

/** The written form of a duration, for schemas: `30s`, `5m`, `12h`, `90d`, `250ms`. */
export const DURATION_PATTERN = '^[1-9][0-9]{0,8}(ms|s|m|h|d)$'
/** The written form of a size, for schemas: `512B`, `16KiB`, `32MiB`. */
export const SIZE_PATTERN = '^[1-9][0-9]{0,8}(B|KiB|MiB|GiB)$'

/** Milliseconds of a written duration. Throws on another form: check it against `DURATION_PATTERN` first. */
export function durationMs(written: string): number {
  const parts = /^([1-9][0-9]{0,8})(ms|s|m|h|d)$/.exec(written)
  if (!parts) throw new Error('not a duration')
  return Number(parts[1]) * MILLISECONDS[parts[2] as keyof typeof MILLISECONDS]
}

/** Bytes of a written size. Throws on another form: check it against `SIZE_PATTERN` first. */
export function sizeBytes(written: string): number {
  const parts = /^([1-9][0-9]{0,8})(B|KiB|MiB|GiB)$/.exec(written)
  if (!parts) throw new Error('not a size')
  return Number(parts[1]) * BYTES[parts[2] as keyof typeof BYTES]
}

/** How much a written duration or size is, to compare it with another one of its kind. Throws on another form. */
export function magnitude(written: string): number {
  return new RegExp(SIZE_PATTERN).test(written) ? sizeBytes(written) : durationMs(written)
}
