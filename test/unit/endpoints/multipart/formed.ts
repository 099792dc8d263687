import type { Test } from 'tap'
import { describeForm } from '../../../../src/endpoints/multipart/describe-form.ts'
import { type Form, FormReader } from '../../../../src/endpoints/multipart/form.ts'
import { FORMS } from '../../../../src/endpoints/multipart/forms.ts'

const BOUNDARY = '----WebKitFormBoundary7MA4YWxkTrZu0gW'

/** One part: a field's name and text, or a file with its name and, where there is one, its type. */
export type Part = readonly [name: string, text: string, filename?: string | undefined, type?: string | undefined]

/** The bytes of a form as browsers write it. */
export function formBytes(parts: readonly Part[], boundary = BOUNDARY): Buffer {
  const written = parts.map(([name, text, filename, type]) => {
    const named = filename === undefined ? '' : `; filename="${filename}"`
    const typed = type === undefined ? '' : `\r\nContent-Type: ${type}`
    return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${named}${typed}\r\n\r\n${text}\r\n`
  })
  return Buffer.from(`${written.join('')}--${boundary}--\r\n`)
}

/** A form with the bytes of its files one behind the other, or the message of its fault. */
export function readForm(bytes: Buffer, boundary = BOUNDARY): { form: Form; files: Buffer } | string {
  const reader = new FormReader(boundary)
  const files = reader.push(bytes)
  if (!files.ok) return files.fault.message
  const form = reader.end()
  return form.ok ? { form: form.value, files: Buffer.concat(files.value) } : form.fault.message
}

/** Only the facts that differ from those of a form that says nothing, or the field that is refused. */
export function unusualForm(t: Test, operation: string, parts: readonly Part[]): object {
  const fields = FORMS.find((form) => form.operation === operation)
  const found = readForm(formBytes(parts))
  if (fields === undefined || typeof found === 'string') throw new Error(`${operation}: ${found}`)
  const described = describeForm(found.form, fields)
  if (!described.ok) {
    if (described.fault.code !== 'invalid_body') throw new Error(described.fault.code)
    return { refused: described.fault.param }
  }
  const { model, nestedModels, stream, input, urls, objects, tools, maxOutputTokens } = described.value
  t.equal(input.bytes, formBytes(parts).length)
  t.same([described.value.operation, tools.functions, maxOutputTokens], [operation, [], undefined])
  const told = Object.entries({
    model: model === null ? 'none' : model,
    nested: [...nestedModels],
    stream,
    hosted: [...tools.hosted],
    images: input.images,
    files: input.files,
    audio: input.audio,
    urls: [...urls],
    objects: objects.map(({ key, id }) => `${key}=${id}`),
  }).filter(([, value]) => value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0))
  return Object.fromEntries(told)
}

export const file = (name: string): Part => [name, 'bytes', 'f.bin', 'application/octet-stream']
export const speech: readonly Part[] = [file('file'), ['model', 'm']]
export const url = 'https://files.example.org/a'
export const host = ['files.example.org']
