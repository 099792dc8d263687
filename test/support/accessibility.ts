import type { Page } from 'playwright-core'

/**
 * What of a page somebody could not use who sees little, or hears it, or has a keyboard alone: one line for each thing, none
 * where all is well. Source: WCAG 2.2, level AA (1.1.1, 1.3.1, 1.3.5, 1.4.3, 1.4.10, 1.4.11, 2.4.2, 2.4.7, 2.5.8, 3.1.1, 3.3.1).
 */
export async function barriersOf(page: Page): Promise<readonly string[]> {
  const seen = (await page.evaluate(SCRIPT)) as string[]
  return [...seen, ...(await unfocused(page))]
}

/** Goes round the page by Tab: everything that can be used is reached, in the order of the page, and shows it. */
async function unfocused(page: Page): Promise<readonly string[]> {
  const wanted = (await page.evaluate(`${FOCUSABLE}.map((one) => one.outerHTML.slice(0, 60))`)) as string[]
  await page.evaluate('document.activeElement.blur(); getSelection().removeAllRanges(); document.body.focus()')
  await page.evaluate('document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute("tabindex")')
  const reached: string[] = []
  const faults: string[] = []
  for (const one of wanted) {
    await page.keyboard.press('Tab')
    const [html = '', ring = ''] = (await page.evaluate(RING)) as string[]
    reached.push(html)
    if (ring !== 'seen') faults.push(`no ring around ${one}: ${ring}`)
  }
  return reached.join() === wanted.join()
    ? faults
    : [...faults, `by Tab: ${reached.join()}; on the page: ${wanted.join()}`]
}

const FOCUSABLE = `[...document.querySelectorAll('a[href],button,input:not([type=hidden]),textarea,select,summary')]`
const RING = `(() => {
  const one = document.activeElement
  const { outlineStyle, outlineWidth } = getComputedStyle(one)
  return [one.outerHTML.slice(0, 60), outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 ? 'seen' : outlineStyle + outlineWidth]
})()`

const SCRIPT = `(() => {
  const found = []
  const all = (selector) => [...document.querySelectorAll(selector)]
  const short = (one) => one.outerHTML.replace(/\\s+/g, ' ').slice(0, 70)
  const fault = (what, one) => found.push(one ? what + ': ' + short(one) : what)
  const channel = (value) => { const part = value / 255; return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4 }
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  const pixel = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data] }
  const light = (color) => { const [r, g, b] = color; return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b) }
  const ratio = (one, other) => { const [high, low] = [light(one), light(other)].sort((a, b) => b - a); return (high + 0.05) / (low + 0.05) }
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) { const color = pixel(getComputedStyle(at).backgroundColor); if (color[3] === 255) return color }
    return [255, 255, 255, 255]
  }
  if (document.documentElement.lang !== 'en') fault('no language')
  if (all('h1').length !== 1) fault('not one h1')
  if (all('main').length !== 1) fault('not one main')
  const heading = all('h1')[0].textContent.trim()
  const isTold = all('form [aria-describedby~=alert]').length > 0
  if (document.title !== (isTold ? 'Error: ' : '') + heading + ' - Sallyport') fault('title ' + document.title)
  const levels = all('h1,h2,h3,h4').map((one) => Number(one.tagName[1]))
  levels.forEach((level, at) => { if (level > (levels[at - 1] ?? 0) + 1) fault('a level of headings is left out') })
  const ids = all('[id]').map((one) => one.id)
  if (new Set(ids).size < ids.length) fault('an id stands twice')
  for (const one of all('[aria-describedby]')) for (const id of one.getAttribute('aria-describedby').split(' ')) if (!document.getElementById(id)) fault('described by nothing', one)
  if (document.documentElement.scrollWidth > innerWidth) fault('wider than the window: ' + document.documentElement.scrollWidth)
  for (const one of all('main *')) if (one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0 && getComputedStyle(one).display !== 'inline') fault('cut or scrolled', one)
  for (const one of all('input:not([type=hidden]),textarea')) {
    if (one.labels.length !== 1 || !one.labels[0].textContent.trim()) fault('no label', one)
    if (!one.getAttribute('autocomplete')) fault('no autocomplete', one)
    const border = pixel(getComputedStyle(one).borderTopColor)
    if (ratio(border, behind(one.parentElement)) < 3) fault('border ' + ratio(border, behind(one.parentElement)).toFixed(2), one)
    if (parseFloat(getComputedStyle(one).fontSize) < 16 && one.tagName === 'INPUT') fault('phones zoom in', one)
  }
  const alerts = all('[role=alert]')
  for (const one of all('[aria-invalid=true]')) {
    const told = (one.getAttribute('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id))
    if (!alerts.some((alert) => told.includes(alert))) fault('wrong, and not why', one)
  }
  for (const one of all('a,button,input:not([type=hidden])')) { const box = one.getBoundingClientRect(); if (box.height < 24 || box.width < 24) fault('too small to hit: ' + box.height, one) }
  for (const one of all('a,button')) if (!one.textContent.trim()) fault('no name', one)
  for (const one of all('img')) if (!one.hasAttribute('alt')) fault('no alt', one)
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement
    if (!walker.currentNode.data.trim() || one.closest('style,script')) continue
    const seen = ratio(pixel(getComputedStyle(one).color), behind(one))
    if (seen < 4.5) fault('contrast ' + seen.toFixed(2), one)
  }
  return found
})()`
