// Reads Sallyport's audit stream from a pipe as a collector would. Prints the line that names the listeners as soon as
// it comes, and at the end how many events of each stage there were.
const NEEDLES = { decision: '"stage":"decision"', complete: '"stage":"complete"' } as const
const LISTENING = '"proxy-started"'
const counts = { decision: 0, complete: 0, lines: 0 }
let opening: string | null = ''
let rest: Buffer = Buffer.alloc(0)

function count(bytes: Buffer, needle: string): number {
  let times = 0
  for (let at = bytes.indexOf(needle); at !== -1; at = bytes.indexOf(needle, at + needle.length)) times++
  return times
}

process.stdin.on('data', (bytes: Buffer) => {
  if (opening !== null) {
    opening += bytes.toString('utf8')
    const line = opening
      .split('\n')
      .slice(0, -1)
      .find((text) => text.includes(LISTENING))
    if (line) {
      process.stdout.write(`${line}\n`)
      opening = null
    }
  }
  const whole = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
  const end = whole.lastIndexOf(10) + 1
  const lines = whole.subarray(0, end)
  counts.decision += count(lines, NEEDLES.decision)
  counts.complete += count(lines, NEEDLES.complete)
  counts.lines += count(lines, '\n')
  rest = Buffer.from(whole.subarray(end))
})
process.stdin.on('end', () => process.stdout.write(`${JSON.stringify({ ...counts, rest: rest.length })}\n`))
// The end of the stream ends this process; a signal to the group must not lose the count.
process.on('SIGINT', () => undefined)
