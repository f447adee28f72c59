// static.js BINARY ROUNDS DAYS: the page of a site of the demo in Chromium, in turn with a copy of it that nginx serves.
//
// The copy is what came over the wire, byte for byte, script and style sheet too. Each look has an empty cache. The two looks
// of a round follow each other, because a shared machine is now faster and now slower; a figure is the median over the rounds.
'use strict'
const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const {Browser, end, scratch, start} = require('../../tests/node/driven.js')

const [binary, rounds, days] = [process.argv[2], Number(process.argv[3]), process.argv[4]]
const PORT = 8093
/** A page with all that a page can have: two periods, a map, a funnel, tables. */
const PAGE = '/kranich-kaffee.example?period=12mo&compare=year&places=map&goals=funnels'

// Runs before the page does, and keeps what it is told.
const WATCH = `self.seen = {shift: 0, long: [], drawn: 0}
  const watch = (type, take) => new PerformanceObserver(list => list.getEntries().forEach(take)).observe({type, buffered: true})
  watch('layout-shift', it => { seen.shift += it.value })
  watch('longtask', it => { seen.long.push(it.duration) })
  watch('largest-contentful-paint', it => { seen.drawn = it.startTime })`
const READ = `const [navigation] = performance.getEntriesByType('navigation')
  const first = performance.getEntriesByName('first-contentful-paint')[0]?.startTime
  const files = performance.getEntriesByType('resource').map(it => it.name).filter(name => !name.includes('/live/events'))
  return {...seen, first, whole: Math.max(seen.drawn, navigation.loadEventEnd), files}`

/** What one request brings on a connection of its own: the body as it is sent, and all bytes with the head. */
function fetched(url, cookie) {
  return new Promise((resolve, reject) => {
    const headers = {'accept-encoding': 'gzip', accept: 'text/html', 'accept-language': 'en', ...(cookie && {cookie})}
    const request = http.get(url, {headers, agent: false}, answer => {
      const parts = []
      answer.on('data', part => parts.push(part))
      answer.on('end', () => resolve({status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts), bytes: answer.socket.bytesRead}))
    })
    request.on('error', reject)
  })
}

/** Serves files as they were sent, each at the path that it came from. */
async function serve(files) {
  const places = files.filter(({status}) => status === 200).map(({url, headers, body}, number) => {
    fs.writeFileSync(path.join(scratch, `${number}.file`), body)
    const encoded = headers['content-encoding'] ? `add_header content-encoding ${headers['content-encoding']};` : ''
    return `location = ${url.pathname} { alias ${scratch}/${number}.file; types {} default_type "${headers['content-type']}"; ${encoded} }`
  })
  const own = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${scratch};`).join(' ')
  fs.writeFileSync(path.join(scratch, 'nginx.conf'), `daemon off; worker_processes 1; pid ${scratch}/nginx.pid; error_log stderr notice;
    events {} http { access_log off; ${own} server { listen 127.0.0.1:${PORT}; ${places.join('\n')} location / { return 204; } } }`)
  await start('nginx', ['-e', 'stderr', '-c', path.join(scratch, 'nginx.conf')], /(start worker process) /)
}

/** Opens a page with an empty cache, and reads what was seen of it when nothing more comes. */
async function look(browser, url) {
  await browser.open('about:blank')
  await browser.devtools('Network.clearBrowserCache')
  await browser.open(url)
  await new Promise(go => setTimeout(go, 500))
  return browser.run(READ)
}

const median = figures => [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)]
let missed = 0

function row(what, figure, bar, unit) {
  const is_met = figure <= bar
  if (!is_met) missed++
  console.log(`| ${what} | ${figure} ${unit} | <= ${bar} ${unit} | ${is_met ? 'met' : 'missed'} |`)
}

function report(files, looks) {
  const bytes = some => some.reduce((sum, file) => sum + file.bytes, 0)
  const kb = some => Number((bytes(some) / 1000).toFixed(1))
  const ratio = key => Number(median(looks.map(([ours, theirs]) => ours[key] / theirs[key])).toFixed(2))
  const ms = (key, at) => median(looks.map(pair => pair[at][key])).toFixed(0)
  const worst = key => Math.max(...looks.map(([ours]) => key(ours)))
  console.log('| what | figure | bar | |\n|---|---|---|---|')
  row(`over the wire, ${files.length} files with their heads`, kb(files), 60, 'KB')
  row('the script of it', kb(files.filter(file => file.url.pathname.endsWith('.js'))), 12, 'KB')
  row(`first contentful paint (${ms('first', 0)} ms; nginx ${ms('first', 1)} ms)`, ratio('first'), 1.5, 'x')
  row(`fully drawn (${ms('whole', 0)} ms; nginx ${ms('whole', 1)} ms)`, ratio('whole'), 2, 'x')
  row('layout shift, the worst look', worst(it => it.shift), 0, '')
  row('long tasks, the worst look', worst(it => it.long.length), 0, '')
  const theirs = Math.max(...looks.map(([, copy]) => copy.long.length))
  console.log(`\nmedians of ${looks.length} rounds, each of both in turn; the copy had ${theirs} long tasks in its worst look`)
}

async function main() {
  const link = await start(binary, ['demo', '--days', days, '--listen', '127.0.0.1:0'], /(http\S+\/sign-in\/\S+)/)
  const base = new URL(link).origin
  const browser = await Browser.start()
  await browser.devtools('Network.enable')
  await browser.devtools('Page.addScriptToEvaluateOnNewDocument', {source: WATCH})
  await browser.signIn(link)
  const [{name, value}] = await browser.drive('GET', '/cookie')
  // All that the page loads, as Chromium has it.
  const {files: others} = await look(browser, base + PAGE)
  const files = []
  for (const at of [base + PAGE, ...others]) {
    const file = await fetched(at, `${name}=${value}`)
    // There is no icon, which costs a request all the same.
    if (file.status !== 200 && file.status !== 204) throw new Error(`${at}: ${file.status}`)
    files.push({...file, url: new URL(at)})
  }
  await serve(files)
  const copy = `http://127.0.0.1:${PORT}`
  const looks = []
  // The first round warms both.
  for (let round = 0; round <= rounds; round++) {
    const pair = [await look(browser, base + PAGE), await look(browser, copy + PAGE)]
    if (round) looks.push(pair)
  }
  report(files, looks)
  await browser.close()
}

main().catch(error => {
  console.error(error)
  missed++
}).finally(async () => {
  await end()
  process.exit(missed ? 1 : 0)
})
