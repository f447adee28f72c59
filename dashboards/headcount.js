// The one script of headcount's own pages. Every page is whole without it; it swaps parts in place, refreshes what is live
// and takes keys. What it does where, stands in the markup:
//   a link or GET form that leads to the page's own path, or within [data-swap]: fetched and merged instead of loaded
//   input[type=search]: filters the page, or the panel that it is in, while one types
//   aria-keyshortcuts="t": what the key t clicks, or gives the focus to
//   [data-live=URL]: refreshed by server-sent events until [data-pause] is pressed
//   .plot .tip: values by arrow keys and by touch. details.menu: closes by Escape and a click elsewhere. [data-script][hidden]: shown, because there is a script
(() => {
'use strict'
const root = document.documentElement
const $ = css => document.querySelector(css)
const all = css => document.querySelectorAll(css)
const trust = self.trustedTypes?.createPolicy('headcount', {createHTML: text => text}) ?? {createHTML: text => text}
const parse = text => new DOMParser().parseFromString(trust.createHTML(text), 'text/html')
const place = url => url.pathname + url.search
const say = text => { if ($('#said')) $('#said').textContent = text }

// What this browser was told: 'off' or nothing.
const told = (key, value) => {
  try {
    if (value != null) localStorage[value ? 'setItem' : 'removeItem']('headcount.' + key, value)
    return localStorage.getItem('headcount.' + key)
  } catch { return null }
}

// --- Merging: what did not change stays as it is, and so do focus, scroll position and open details.

const alike = (a, b) => a.nodeName == b.nodeName && (a.nodeType != 1 ||
  a.id == b.id && a.getAttribute('class') == b.getAttribute('class'))

// Attributes that are the reader's or the script's.
const keeps = (node, name) => name == 'data-on' || name == 'open' && node.matches('details:not(.menu), dialog') ||
  name == 'hidden' && node.matches('[data-script], [data-key]') || name == 'tabindex' && node.matches('.plot')

const merge = (old, now) => {
  if (old.isEqualNode(now)) return
  if (old.nodeType != 1 || !alike(old, now)) return old.replaceWith(now)
  if (old == document.activeElement && old.matches('input, select, textarea')) return
  for (const {name} of [...old.attributes]) if (!now.hasAttribute(name) && !keeps(old, name)) old.removeAttribute(name)
  for (const {name, value} of now.attributes) {
    if (old.getAttribute(name) != value && !keeps(old, name)) old.setAttribute(name, value)
  }
  if (old.matches('input')) [old.value, old.checked] = [now.value, now.checked]
  let at = old.firstChild
  const drop = end => { while (at != end) { const gone = at; at = at.nextSibling; gone.remove() } }
  for (const child of [...now.childNodes]) {
    let same = at
    while (same && !alike(same, child)) same = same.nextSibling
    if (!same) { old.insertBefore(child, at); continue }
    drop(same)
    at = same.nextSibling
    merge(same, child)
  }
  drop(null)
}

// Merges, and gives the focus back to what stands where the element was that had it.
const mergeAll = pairs => {
  const had = document.activeElement
  const [id, href] = [had?.id, had?.getAttribute('href')]
  for (const [old, now] of pairs) if (old) merge(old, now)
  if (!had || had == document.body || had.isConnected) return
  const again = id && document.getElementById(id) || href && $(`a[href="${CSS.escape(href)}"]`) || $('main')
  again.focus({preventScroll: true})
}

// --- Swaps

let shown = place(location), fetching, typing

const load = async url => {
  fetching?.abort()
  clearTimeout(typing)
  const mine = fetching = new AbortController()
  $('main').setAttribute('aria-busy', 'true')
  try {
    const answer = await fetch(url, {headers: {accept: 'text/html'}, signal: mine.signal})
    return [answer, parse(await answer.text())]
  } finally {
    if (fetching == mine) $('main').removeAttribute('aria-busy')
  }
}

// Shows the view at an address in place. `how` names a method of history; none if the address is there already.
const swap = async (url, how) => {
  try {
    const [answer, page] = await load(url)
    // An error, no page of ours, or one of another version: for the browser to load.
    if (!answer.ok || page.querySelector('script')?.src != $('script').src) return location.assign(url)
    if (how) history[how](null, '', place(new URL(answer.url)) + new URL(url).hash)
    shown = place(location)
    mergeAll([[document.body, page.body]])
    document.title = page.title
    root.lang = page.documentElement.lang
    ready()
    say($('[data-say]')?.textContent.trim().replace(/\s+/g, ' ') || document.title)
  } catch (error) {
    if (error.name != 'AbortError') location.assign(url)
  }
}

const isOurs = (url, from) => url.origin == location.origin &&
  (url.pathname == location.pathname || !!from.closest('[data-swap]'))

const isSwapped = form => form.method == 'get' && !form.target && isOurs(new URL(form.action), form)

// The address that a GET form leads to.
const leads = (form, button) => {
  const url = new URL(form.action)
  url.search = new URLSearchParams(new FormData(form, button))
  return url.href
}

addEventListener('click', event => {
  const link = event.target.closest?.('a[href]')
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  // A country of the map is a link of SVG, whose properties are no texts.
  const url = new URL(link.getAttribute('href'), location)
  if (link.getAttribute('target') || link.hasAttribute('download') || !isOurs(url, link) || url.hash && place(url) == shown) return
  event.preventDefault()
  swap(url.href, url.href == location.href ? 'replaceState' : 'pushState')
})

addEventListener('submit', event => {
  if (!isSwapped(event.target)) return
  event.preventDefault()
  swap(leads(event.target, event.submitter), 'pushState')
})

// Shows in a panel what the page of all its rows finds.
const find = async (form, search) => {
  const of = from => from.querySelector('table, .nothing')
  if (!search) return swap(location.href)
  try {
    const [answer, page] = await load(leads(form)), found = of(page), old = of(form.closest('.card'))
    if (!answer.ok || !found || !old) return
    for (const row of [...found.querySelectorAll('tbody tr')].slice(9)) row.remove()
    const names = [...found.querySelectorAll('tbody bdi')].map(name => name.textContent)
    merge(old, found)
    say(names.join(', ') || found.textContent)
  } catch { /* The form still leads to that page. */ }
}

addEventListener('input', ({target: field}) => {
  const form = field.form
  if (field.type != 'search' || form?.method != 'get') return
  clearTimeout(typing)
  typing = setTimeout(() => isSwapped(form) ? swap(leads(form), 'replaceState') : find(form, field.value), 250)
})

addEventListener('popstate', () => { if (place(location) != shown) swap(location.href) })

// --- What is live. A page that nobody sees holds no connection, and nothing is asked for again and again.

let stream, retry

const leave = () => { clearTimeout(retry); stream?.close(); stream = null }

const listen = () => {
  const off = told('live'), url = !document.hidden && !off && $('[data-live]')?.dataset.live
  for (const button of all('[data-pause]')) button.setAttribute('aria-pressed', String(!!off))
  if (stream && stream.at == url) return
  leave()
  root.dataset.stream = off || (url ? 'on' : '')
  if (!url) return
  const mine = stream = new EventSource(url)
  mine.at = url
  mine.addEventListener('part', ({data}) => {
    root.dataset.stream = 'on'
    let told
    // A page that is being left parses nothing any more.
    try { told = parse(data) } catch { return }
    mergeAll([...told.body.children].map(now => [document.getElementById(now.id), now]))
  })
  mine.addEventListener('page', () => swap(location.href))
  // Streams end from time to time, and browsers open them again; unless the server says no.
  mine.addEventListener('error', () => {
    clearTimeout(retry)
    retry = setTimeout(() => {
      if (mine != stream || mine.readyState == 1) return
      root.dataset.stream = 'lost'
      if (mine.readyState == 2) { stream = null; retry = setTimeout(listen, 60000) }
    }, 5000)
  })
}

// --- Keys

const sheet = () => $('dialog#keys')

const open = () => {
  // Only what there is here.
  for (const row of all('[data-key]')) row.hidden = !$(`[aria-keyshortcuts~="${row.dataset.key}"]`)
  sheet()?.showModal()
}

addEventListener('keydown', event => {
  const {target} = event, key = event.key.length == 1 ? event.key.toLowerCase() : event.key
  if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing || sheet()?.open) return
  if (!move(key, target)) {
    if (key != 'Escape' && (told('keys') || target.matches('input, select, textarea'))) return
    if (event.shiftKey && /^([a-z]|Arrow.*)$/.test(key) || key.startsWith('Arrow') && target.closest('.scroll, pre')) return
    const menu = key == 'Escape' && $('.menu[open]')
    const what = menu ? menu.querySelector('summary') : $(`[aria-keyshortcuts~="${CSS.escape(key)}"]`)
    if (!what) return
    // Only what is typed into or opens in its place has to come into sight; the reader stays where she reads.
    what.focus({preventScroll: !what.matches('input, summary')})
    if (!what.matches('input')) what.click()
  }
  event.preventDefault()
})

addEventListener('click', ({target}) => {
  if (target.closest?.('[data-sheet]')) open()
  if (target == sheet()) sheet().close()
  if (target.closest?.('[data-pause]')) { told('live', told('live') ? '' : 'off'); listen() }
  for (const menu of all('.menu[open]')) if (!menu.contains(target)) menu.open = false
  // A finger does not hover.
  mark(target.closest?.('.plot g:has(.tip)'))
})

addEventListener('change', ({target: field}) => {
  if (field.id == 'keys-on') told('keys', field.checked ? '' : 'off')
})

// --- Values of a chart: one stop for Tab, then arrows.

const mark = bar => {
  for (const other of all('.plot g[data-on]')) other.removeAttribute('data-on')
  bar?.setAttribute('data-on', '')
}

// Whether a key moves the mark of a chart.
const move = (key, plot) => {
  if (!plot.matches('.plot')) return false
  const bars = [...plot.querySelectorAll('g:has(.tip)')], last = bars.length - 1
  const at = bars.findIndex(bar => bar.matches('[data-on]'))
  const to = {ArrowLeft: at < 0 ? last : at - 1, ArrowRight: at + 1, Home: 0, End: last}[key]
  if (to == null || last < 0) return false
  const bar = bars[Math.max(0, Math.min(to, last))]
  mark(bar)
  say(bar.querySelector('.tip').textContent)
  return true
}

addEventListener('focusout', () => mark())
addEventListener('pointerover', ({target}) => { if (target.closest?.('.plot')) mark() })

// --- What a page has only with a script.

const ready = () => {
  for (const it of all('[data-script]')) it.hidden = false
  for (const plot of all('.plot')) plot.tabIndex = 0
  if ($('#keys-on')) $('#keys-on').checked = !told('keys')
  listen()
}

addEventListener('visibilitychange', listen)
addEventListener('pagehide', leave)
addEventListener('pageshow', listen)
ready()
})()
