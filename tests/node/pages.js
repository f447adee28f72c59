// All pages of headcount, in all states that look unlike each other, for tests that look at every one: what is prepared for
// them, how they are reached, and which the router has beside them.
'use strict'
const fs = require('node:fs')
const path = require('node:path')
const {AGENT} = require('./driven.js')

const PASSWORD = 'three green geese'
const BUSY = 'kranich-kaffee.example'
const HOSTILE = [
  '/<script>alert(1)</script>', '/%3Cimg src=x onerror=alert(1)%3E', '/=HYPERLINK("http://x.example","y")', '/+1-800', '/@sum',
  '/' + 'Donaudampfschifffahrtsgesellschaft'.repeat(6), '/مقالات/كيف-تعمل-القهوة', '/עברית/שלום', '/日本語のページ/長い名前のページ', '/a/‮txt.exe'
]

/** Beacons of one site; each path by a visitor of its own. */
async function visit(base, domain, paths, more = {}) {
  for (const [number, at] of paths.entries()) {
    const headers = {'user-agent': AGENT, 'x-forwarded-for': `198.51.100.${number + 1}`, 'content-type': 'application/json'}
    const body = {n: 'pageview', d: domain, u: `https://${domain}${at}`, ...more}
    await fetch(`${base}/api/event`, {method: 'POST', headers, body: JSON.stringify(body)})
  }
}

/** Makes sites in all states beside the busy ones, on the day `today` of the program's clock. */
async function prepare(command, base, today) {
  for (const [domain, ...more] of [
    ['new.example', '--host', 'new.example'], ['silent.example'], ['quiet.example'], ['bare.example', '--address', 'none'],
    ['hostile.example'], [`${'very-long-name-of-a-site-'.repeat(2)}without-end.example`]
  ]) command('site', 'add', domain, ...more)
  await visit(base, 'new.example', ['/'], {u: 'https://elsewhere.example/'})
  await visit(base, 'quiet.example', ['/'])
  await visit(base, 'bare.example', ['/', '/about'])
  await visit(base, 'hostile.example', HOSTILE)
  await visit(base, 'hostile.example', ['/a'], {r: 'https://xn--80ak6aa92e.example/', p: {'<b>': '"><script>', '=1+1': '@x'}})
  await visit(base, 'hostile.example', ['/a', '/b'], {n: '<script>alert(1)</script>', p: {plan: '=cmd|x'}})
  command('goal', 'add', 'hostile.example', '<script>alert(1)</script>')
  command('annotation', 'add', BUSY, 'New roasts, <b>and</b> a very long note on what else was changed that day', '--at', today)
  command('user', 'add', 'Reader', '--role', 'analyst', '--site', 'quiet.example')
  command('user', 'password', 'Reader', '--password-stdin')
  command('campaign', 'set', '--site', BUSY, 'summer', '--sent', '1200')
  command('token', 'create', '--scope', 'read')
  const link = (...words) => new URL(/http\S+\/share\/[\w.-]+/.exec(command('share', 'add', ...words))[0]).pathname
  const shared = link(BUSY, '--public')
  const locked = link(BUSY, '--name', 'board', '--password-stdin')
  const embedded = link(BUSY, '--name', 'blog', '--embed', 'www.example.com', '--expires', '30d')
  const small = link('hostile.example', '--name', 'press')
  return {command, today, shared, locked, embedded, small}
}

const opened = browser => browser.run(`for (const it of document.querySelectorAll('details')) it.open = true`)
const sheet = browser => browser.run(`document.querySelector('[data-sheet]').click()`)

/** Fills fields of a form and sends it without asking the browser whether they are right. */
const send = (form, values) => async browser => {
  await browser.run(`const form = document.querySelector(arguments[0])
    form.noValidate = true
    for (const [name, value] of Object.entries(arguments[1])) form.elements[name].value = value
    form.requestSubmit()`, form, values)
  for (let tries = 0; tries < 100 && !(await browser.run(`return document.readyState == 'complete'`)); tries++) {
    await new Promise(go => setTimeout(go, 20))
  }
}

const forget = browser => browser.drive('DELETE', '/cookie')
/** Signs a browser in as the owner, or as somebody else. */
const enter = (made, ...who) => async browser => {
  await forget(browser)
  await browser.signIn(made.command('user', 'link', ...who))
}

function pagesOfSite({today}) {
  const at = `/${BUSY}`
  return [
    {name: 'site', at}, {name: 'site, all that opens is open', at, act: opened},
    {name: 'site, sheet of keys', at, act: sheet},
    {name: 'site, today', at: `${at}?period=today`},
    {name: 'site, year over year by month', at: `${at}?period=12mo&compare=year&by=month&weekdays=1`},
    {name: 'site, own dates', at: `${at}?period=custom&from=${today}&to=${today}&compare=custom&since=2026-01-01`, act: opened},
    {name: 'site, filtered', at: `${at}?filter=source:Google`},
    {name: 'site, filtered by a page', at: `${at}?filter=page:/coffee`},
    {name: 'site, filtered, nothing left', at: `${at}?filter=source:Nobody`},
    {name: 'site, map and funnels', at: `${at}?places=map&goals=funnels`},
    {name: 'site, other tabs', at: `${at}?pages=exit_page&sources=channel&places=region&technology=os&events=prop:plan`},
    {name: 'site in German', at: '/language/de', act: b => b.open(new URL(at, b.base).href)},
    {name: 'site in French', at: '/language/fr', act: b => b.open(new URL(at, b.base).href)},
    {name: 'site in English', at: '/language/en', act: b => b.open(new URL(at, b.base).href)},
    {name: 'site, new', at: '/new.example', act: opened}, {name: 'site, nobody tried', at: '/silent.example'},
    {name: 'site, one visit', at: '/quiet.example'}, {name: 'site, empty period', at: '/quiet.example?period=last_month'},
    {name: 'site, nobody recognised', at: '/bare.example'},
    {name: 'site, hostile', at: '/hostile.example?events=prop:plan'},
    {name: 'live', at: `${at}/live`}, {name: 'live, nobody', at: '/silent.example/live'}, {name: 'live, hostile', at: '/hostile.example/live'},
    {name: 'rows', at: `${at}/page`}, {name: 'rows, searched', at: `${at}/page?search=coffee`},
    {name: 'rows, nothing found', at: `${at}/page?search=nothing-like-this`},
    {name: 'rows, filtered', at: `${at}/page?filter=source:Google`}, {name: 'rows, hostile', at: '/hostile.example/page'}
  ]
}

function pagesOfInstance() {
  return [
    {name: 'sites', at: '/'}, {name: 'sites, sheet of keys', at: '/', act: sheet},
    {name: 'sites, searched', at: '/?search=kranich'}, {name: 'sites, nothing found', at: '/?search=nothing-like-this'},
    {name: 'sites as one', at: '/together/all'}, {name: 'sites as one, rows', at: '/together/all/page'},
    {name: 'sites as one, chosen', at: `/together?site=${BUSY}&site=quiet.example`}, {name: 'sites as one, none chosen', at: '/together'},
    {name: 'account', at: '/settings/account'},
    {name: 'account, too short a password', at: '/settings/account', act: send('main form[action="/settings/account"]', {new: 'short', again: 'short'})},
    {name: 'privacy', at: `/privacy/${BUSY}`}, {name: 'privacy, nobody recognised', at: '/privacy/bare.example'},
    {name: 'privacy in German', at: `/privacy/${BUSY}?lang=de`}, {name: 'privacy, versions', at: `/privacy/${BUSY}/versions`},
    {name: 'privacy, not to be counted', at: `/privacy/${BUSY}/opt-out`}, {name: 'privacy, requests', at: `/privacy/${BUSY}/requests`},
    {name: 'privacy, an answer', at: `/privacy/${BUSY}/requests`, act: send('main form', {kind: 'objection'})},
    {name: '404', at: '/nobody.example'}, {name: '404 of a panel', at: `/${BUSY}/nonsense`},
    {name: '400', at: `/${BUSY}?period=custom&from=2026-13-01`},
    {name: '400 of a filter', at: `/${BUSY}?filter=nonsense`}
  ]
}

/** Settings, and their forms with what is wrong in them or what came of them. */
function pagesOfSettings() {
  const at = `/${BUSY}/settings`
  const form = (where, name, values) => send(`form[action*="${where}/${name}"]`, values)
  const ofSite = (name, values) => form(at, name, values)
  return [
    {name: 'settings', at: '/settings'},
    {name: 'settings, no site', at: '/settings', act: form('/settings', 'site-add', {domain: 'not a domain', timezone: 'Nowhere'})},
    {name: 'settings of a site', at}, {name: 'settings of a site, all open', at, act: opened},
    {name: 'settings of the hostile site', at: '/hostile.example/settings', act: opened},
    {name: 'settings of a notice', at: `${at}/notice`}, {name: 'settings of a notice in German', at: `${at}/notice?language=de`},
    {name: 'settings of a notice, a text', at: `${at}/notice`, act: form(`${at}/notice`, 'notice-texts', {controller: 'Ada & Sons'})},
    {name: 'settings of a site, wrong zone', at, act: ofSite('site', {timezone: 'Nowhere'})},
    {name: 'settings of a site, wrong budget', at, act: ofSite('budgets', {values_max: '-1'})},
    {name: 'settings of a site, wrong network', at, act: ofSite('exclusions', {exclude_ips: 'nonsense'})},
    {name: 'settings of a site, wrong goal', at, act: ofSite('goal-add', {target: 'https://example.com/x'})},
    {name: 'settings of a site, wrong funnel', at, act: ofSite('funnel-add', {name: 'One', steps: 'x'})},
    {name: 'settings of a site, wrong note', at, act: ofSite('annotation-add', {text: ''})},
    {name: 'settings of a site, a note', at, act: ofSite('annotation-add', {text: 'Sale'})},
    {name: 'settings of a site, wrong time', at, act: ofSite('keeping', {keep: 'days=1w'})},
    {name: 'settings of a site, published', at, act: ofSite('publishing', {small_counts_k: '7'})},
    {name: 'settings of a site, what would be forgotten', at, act: ofSite('forget', {of: 'page', value: '/**', days: ''})},
    {name: 'settings of a site, nothing to forget', at, act: ofSite('forget', {of: '', value: 'x', days: ''})},
    {name: 'settings of a site, what a reset would take', at, act: ofSite('reset', {})},
    {name: 'settings of a site, not removed', at, act: ofSite('remove', {})},
    {name: 'sharing', at: `${at}/sharing`, act: opened}, {name: 'sharing of the hostile site', at: '/hostile.example/settings/sharing'},
    {name: 'sharing, no name', at: `${at}/sharing`, act: form(`${at}/sharing`, 'share-add', {kind: 'link', name: ''})},
    {name: 'sharing, a link', at: `${at}/sharing`, act: form(`${at}/sharing`, 'share-add', {kind: 'link', name: 'Another'})},
    {name: 'users', at: '/settings/users', act: opened},
    {name: 'users, no name', at: '/settings/users', act: form('/settings/users', 'user-add', {name: ''})},
    {name: 'users, a link', at: '/settings/users', act: form('/settings/users', 'user-add', {name: 'Another'})},
    {name: 'a user', at: '/settings/user?name=Reader', act: opened},
    {name: 'a user, wrong site', at: '/settings/user?name=Reader', act: form('/settings/user', 'user-set', {sites: 'nobody.example', may: 'some'})},
    {name: 'nobody', at: '/settings/user?name=nobody'},
    {name: 'tokens', at: '/settings/tokens', act: opened},
    {name: 'tokens, wrong site', at: '/settings/tokens', act: form('/settings/tokens', 'token-create', {site: 'nobody.example'})},
    {name: 'tokens, a token', at: '/settings/tokens', act: form('/settings/tokens', 'token-create', {site: BUSY})}
  ]
}

/** Pages for whoever is not signed in, or as somebody else. The last of them signs in again. */
function pagesOfOthers(made) {
  const {shared, locked, embedded, small} = made
  const unlock = send('main form', {password: PASSWORD})
  return [
    {name: 'sign-in', at: '/sign-in', before: forget},
    {name: 'sign-in, wrong', at: '/sign-in', act: send('main form', {name: 'nobody', password: 'wrong'})},
    {name: 'sign-in, link', get at() { return new URL(made.command('user', 'link', 'Reader')).pathname }}, {name: 'sign-in, bad link', at: '/sign-in/nonsense'}, {name: '401', at: '/silent.example'},
    {name: 'shared', at: shared, act: opened}, {name: 'shared, rows', at: `${shared}/page`},
    {name: 'shared, map', at: `${shared}?places=map`}, {name: 'shared, 404', at: `${shared}/nonsense`},
    {name: 'shared, few', at: small}, {name: 'shared in a frame', at: `${embedded}?embed`},
    {name: 'shared, password', at: locked}, {name: 'shared, wrong password', at: locked, act: send('main form', {password: 'wrong'})},
    {name: 'shared, right password', at: locked, act: unlock},
    {name: 'no share', at: '/share/nonsense'},
    {name: 'sites of an analyst', at: '/', before: enter(made, 'Reader')}, {name: '403', at: `/${BUSY}`},
    {name: '403 of settings', at: '/settings'},
    {name: 'account, wrong password', at: '/settings/account', after: enter(made),
      act: send('main form[action="/settings/account"]', {current: 'wrong', new: PASSWORD, again: PASSWORD})}
  ]
}

/** All pages, in the order in which they are looked at. */
const pages = made => [...pagesOfSite(made), ...pagesOfInstance(), ...pagesOfSettings(), ...pagesOfOthers(made)]

// What answers with no page.
const NO_PAGES = /^\/(api|js|assets|counter|health|metrics|favicon|language)|\.js$|\/events$/

/** Routes that are read and that none of these addresses leads to. */
function unlisted(seen) {
  const router = fs.readFileSync(path.join(__dirname, '../../src/server.rs'), 'utf8')
  const all = [...router.matchAll(/\.route\("([^"]+)",\s*get\(([^)]*)\)/g)]
  // Where a form is sent there is no page to open.
  const routes = all.filter(([, route, name]) => !NO_PAGES.test(route) && !name.includes('back'))
  const paths = seen.map(at => at.split('?')[0])
  const leads = route => new RegExp('^' + route.replace(/\{\*?\w+\}/g, '[^/]+') + '$')
  return routes.map(([, route]) => route).filter(route => !paths.some(path => leads(route).test(path)))
}

module.exports = {BUSY, PASSWORD, pages, prepare, unlisted, visit}
