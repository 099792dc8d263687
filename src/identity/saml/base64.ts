/** The bytes of base64 that is written in its one way, with or without ends of lines; null for everything else. */
export function strictBase64(written: string): Buffer | null {
  const plain = written.replace(/[ \t\r\n]+/g, '')
  const bytes = Buffer.from(plain, 'base64')
  return plain !== '' && bytes.toString('base64') === plain ? bytes : null
}
