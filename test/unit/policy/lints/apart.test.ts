import t from 'tap'
import { areApart } from '../../../../src/policy/lints/apart.ts'
import type { LintRule } from '../../../../src/policy/lints/lint.ts'
import type { WhenDocument } from '../../../../src/policy/schema.ts'

const rule = (parts: Partial<LintRule>) => ({ operations: null, models: null, when: {}, ...parts }) as LintRule

type Conditions = readonly [sentence: string, one: WhenDocument, other: WhenDocument, isApart: boolean]
const header = (name: string, test: object) => ({ header: { name, ...test } })
const time = (days: readonly string[], zone = 'UTC') => ({ time: { days, zone } }) as WhenDocument
const labels = (labels: { readonly [name: string]: string }) => ({ upstream: { labels } })

const conditions: readonly Conditions[] = [
  ['no conditions', {}, {}, false],
  ['a condition that only one has', { stream: true }, {}, false],
  ['streams and none', { stream: true }, { stream: false }, true],
  ['streams in both', { stream: true }, { stream: true }, false],
  ['one of two conditions', { stream: true, region: ['eu'] }, { stream: false, region: ['eu'] }, true],
  ['other regions', { region: ['eu', 'ch'] }, { region: ['us'] }, true],
  ['one region in common', { region: ['eu', 'ch'] }, { region: ['ch', 'us'] }, false],
  ['other methods', { method: ['jwt'] }, { method: ['api_key'] }, true],
  ['other `acr`s', { acr: ['a', 'b'] }, { acr: ['c'] }, true],
  ['one `acr` in common', { acr: ['a', 'b'] }, { acr: ['b'] }, false],
  ['a second factor, fresh or not', { mfa: true }, { mfa: { max_age: '5m' } }, false],
  ['claims may be lists', { claim: { path: 'a', equals: 'x' } }, { claim: { path: 'a', equals: 'y' } }, false],
  ['bounds of the answer', { max_output_tokens: { at_most: 1 } }, { max_output_tokens: { at_most: 9 } }, false],
  ['other tools', { tools: { functions: ['a'] } }, { tools: { functions: ['b'] } }, false],
  ['other hosts', { urls: ['a.example'] }, { urls: ['b.example'] }, false],
  ['other networks', { network: ['10.0.0.0/8'] }, { network: ['11.0.0.0/8'] }, true],
  ['a network and a part of it', { network: ['10.0.0.0/8'] }, { network: ['10.1.0.0/16'] }, false],
  ['one network of two', { network: ['10.0.0.0/8', '12.0.0.0/8'] }, { network: ['12.1.0.0/16'] }, false],
  ['two networks and two others', { network: ['10.0.0.0/8', '12.0.0.0/8'] }, { network: ['11.0.0.0/8', '::/1'] }, true],
  ['other days', time(['mon']), time(['tue']), true],
  ['other days elsewhere', time(['mon']), time(['tue'], 'Asia/Tokyo'), false],
  ['a day in common', time(['mon', 'tue']), time(['tue']), false],
  ['other texts in a header', header('X-Team', { equals: 'a' }), header('x-team', { equals: 'b' }), true],
  ['the same text in a header', header('x-team', { equals: 'a' }), header('x-team', { equals: 'a' }), false],
  ['other headers', header('x-team', { equals: 'a' }), header('x-unit', { equals: 'b' }), false],
  ['a list of other texts', header('x-team', { in: ['a', 'b'] }), header('x-team', { equals: 'c' }), true],
  ['a list with the text', header('x-team', { in: ['a', 'b'] }), header('x-team', { equals: 'b' }), false],
  ['a pattern in a header', header('x-team', { matches: 'a*' }), header('x-team', { equals: 'b' }), false],
  ['patterns in a header', header('x-team', { matches: 'a*' }), header('x-team', { matches: 'b*' }), false],
  ['other labels', labels({ tier: 'a', zone: 'z' }), labels({ tier: 'b' }), true],
  ['the same label', labels({ tier: 'a' }), labels({ tier: 'a', zone: 'z' }), false],
  ['labels of other names', labels({ tier: 'a' }), labels({ zone: 'b' }), false],
  ['a label that every object has', labels({ constructor: 'a' }), labels({ tier: 'b' }), false],
  ['images and none', { input: { images: true } }, { input: { images: false } }, true],
  ['files and none', { input: { files: true } }, { input: { files: false } }, true],
  ['audio and none', { input: { audio: true } }, { input: { audio: false } }, true],
  ['images and no files', { input: { images: true } }, { input: { files: false } }, false],
  ['no images in both', { input: { images: false } }, { input: { images: false } }, false],
  ['bounds of the input', { input: { max_bytes: '1KiB' } }, { input: { max_bytes: '2KiB' } }, false],
]
for (const [sentence, one, other, isApart] of conditions) {
  t.test(`conditions: ${sentence}`, async (t) => {
    t.equal(areApart(rule({ when: one }), rule({ when: other })), isApart)
    t.equal(areApart(rule({ when: other }), rule({ when: one })), isApart, 'the other way round')
  })
}

type Selectors = readonly [sentence: string, allow: Partial<LintRule>, deny: Partial<LintRule>, isApart: boolean]
const selectors: readonly Selectors[] = [
  ['all operations', {}, { operations: ['chat'] }, false],
  ['other operations', { operations: ['chat', 'responses'] }, { operations: ['embeddings', 'files.*'] }, true],
  ['one operation in common', { operations: ['chat', 'responses'] }, { operations: ['files.*', 'chat'] }, false],
  ['an operation of a pattern', { operations: ['files.list'] }, { operations: ['files.*'] }, false],
  ['all models', {}, { models: ['o3'] }, false],
  ['other models', { models: ['gpt-*', 'o1'] }, { models: ['o3', 'text-*'] }, true],
  ['one model in common', { models: ['gpt-*', 'o3'] }, { models: ['text-*', 'o3'] }, false],
  [
    'other models of all operations and of one that has none',
    { models: ['o1'] },
    { models: ['o3'], operations: ['models.list'] },
    true,
  ],
  [
    'other models, and an operation without one',
    { models: ['o1'], operations: ['chat', 'models.list'] },
    { models: ['o3'], operations: ['embeddings', 'models.list'] },
    false,
  ],
  [
    'other models, and an operation with one',
    { models: ['o1'], operations: ['chat', 'models.list'] },
    { models: ['o3'], operations: ['chat'] },
    true,
  ],
]
for (const [sentence, one, other, isApart] of selectors) {
  t.test(`selectors: ${sentence}`, async (t) => {
    t.equal(areApart(rule(one), rule(other)), isApart)
    t.equal(areApart(rule(other), rule(one)), isApart, 'the other way round')
  })
}
