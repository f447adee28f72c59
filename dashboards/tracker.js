// In: what happens to a page in a visitor's browser. Out: beacons, `POST .../api/event`, in Plausible's format with a
// few keys of ours. Forgets: everything. It sets no cookie and stores nothing; the one key it ever writes is the
// opt-out, and only when the visitor asks for it.
//
//   <script defer data-domain="example.com" src="https://COLLECTOR/js/script.js"></script>
//
// data-domain  the site, or several with commas. Without it the collector takes the host of the page.
// data-api     where beacons go. Without it `api/event`, one folder above this script: `/js/script.js` has
//              `/api/event`, and `/proxy/js/script.js` has `/proxy/api/event`.
// data-hash    the fragment belongs to the page, as in `/#/about`. Without it fragments never leave the browser.
// data-manual  no pageviews by itself: the page calls headcount('pageview').
//
// Events:  headcount('Signup', {props: {plan: 'pro'}, revenue: {amount: 9, currency: 'EUR'}, interactive: false,
//          url: 'https://example.com/other', callback: done}), name first, the rest as needed. `callback` gets the
//          collector's response, or nothing when none came. `plausible` is the same function unless that is taken.
//          For calls that may come before this script does, put this above them in the page; they wait:
//          window.headcount = window.headcount || function () { (headcount.q = headcount.q || []).push(arguments) }
// 404:     the site's page for it holds the line above and headcount('404', {props: {path: location.pathname}}).
// Opt-out: any page's address with ?headcount=ignore, and with ?headcount=count to be counted again; or
//          `localStorage.headcount_ignore = 'true'`, set by the site. `plausible_ignore` is understood too.
//
// It must stay below 1.5 KB when compressed. The collector drops comment lines and leading space when it serves this
// file, and nothing else; so the rest is written tight, every comment has a line of its own, and variables bear the
// names of the beacon's keys where they hold what those keys tell:
//   n   a name                                 h   hash mode
//   u   address of the page counted last       r   its referrer
//   sd  its scroll depth as sent, in percent   e   milliseconds that it was looked at and that are not sent yet
// and beside them `y`, lowest pixel of that page that came into view; `at`, when somebody began to look at it (false
// while nobody does); `path`, by which a navigation is told from a mere change of state; `off`, the visitor has opted
// out. A second copy of this script on the same page does nothing.
if (!window.headcount?.length) {
let {dataset, src}=document.currentScript
let h='hash' in dataset
let at, r=document.referrer, u, e, sd, y, path

// Access to storage may be denied. The wish then holds for this page.
let off=/headcount=ignore/.test(location)
try {
  if (off) localStorage.headcount_ignore=true
  if (/headcount=count/.test(location)) delete localStorage.headcount_ignore
} catch {}

// Sends one beacon. Being async it throws nothing into the page. Whatever stops it ends in one line of the console: a
// warning when the collector answered, else information.
let track=async (n, o)=>{
  let a, {url=h?location.href:location.href.split('#')[0], callback, ...more}={...o}
  try {
    // A page that is loaded ahead of need waits until it is shown.
    if (document.prerendering) await new Promise(go=>addEventListener('prerenderingchange', go, true))
    // Asked each time, so that an opt-out acts at once.
    try {
      off=/true/.test(localStorage.headcount_ignore+localStorage.plausible_ignore)
    } catch {}
    if (off) throw 'localStorage.headcount_ignore'
    if (/^file/.test(url)) throw 'file:'
    // What is left of the page before is sent first. Only the first page of a document has a referrer.
    if (n=='pageview') {
      pulse()
      if (u) r=''
      u=url
      e=sd=y=0
    }
    let api=new URL(dataset.api||'../api/event', src)
    // `more` holds props, revenue and interactive. `t` is a touch screen on a Mac: an iPad. `wd` is automation; it is
    // told rather than kept silent, so that the collector counts the rejection.
    let body=JSON.stringify({
      n, u:url, r, ...more,
      l:navigator.language.split('-')[0],
      t:/Macin/.test(navigator.userAgent)&navigator.maxTouchPoints>1,
      wd:navigator.webdriver|'Cypress' in window,
      h:+h,
      d:dataset.domain,
      sc:innerWidth<576?'xs':innerWidth<768?'sm':innerWidth<992?'md':innerWidth<1200?'lg':innerWidth<1600?'xl':'xxl',
      tz:Intl.DateTimeFormat().resolvedOptions().timeZone
    })
    // Older Firefox knows no keepalive, and would lose what is sent when a page closes.
    a='keepalive' in Request.prototype?await fetch(api, {credentials:'omit', method:'POST', keepalive:true, body}):navigator.sendBeacon(api, body)
    if (a.status>399) throw await a.text()
    // Why a beacon that was taken is not counted: `unknown_site` after a slip in data-domain, `opted_out` by GPC or DNT.
    let why=a.headers?.get('x-headcount-rejected')
    if (why) throw why
  } catch (x) {
    console[a?'warn':'info']('headcount: not counted,', x)
  }
  callback?.(a)
}

// Runs the clock while the page is visible and has the focus, and tells when that ends: the first time always, later
// only when somebody scrolled further or looked for 3 seconds. Without a type, the page is left for another of this
// document. A page that is closed or left for another document becomes hidden, so `pagehide` is not needed. Depth is
// kept in pixels, because pages grow while they load.
let pulse=type=>{
  y=Math.max(y, scrollY+innerHeight)
  if (type!='scroll') {
    e+=at&&Date.now()-at
    at=!document.hidden&&document.hasFocus()&&Date.now()
    let depth=Math.min(100, Math.round(100*y/document.documentElement.scrollHeight))
    if ((!type||!at)&&(depth>sd||e>2999)) {
      track('engagement', {url:u, e, sd:sd=depth})
      e=0
    }
  }
}

// A pageview if the path has changed; a changed query is the same page. `back` is a page that came back whole from the
// browser's back-forward cache.
let moved=back=>{
  let to=location.pathname+(h&&location.hash)
  if (!('manual' in dataset)&&(back||path!=to)) {
    path=to
    track('pageview')
  }
}
for (let n of ['pushState', 'replaceState']) {
  let old=history[n]
  history[n]=(...all)=>moved(old.apply(history, all))
}

moved()

// A function that names parameters is somebody's real one; the waiting line above names none.
for (let n of ['headcount', 'plausible']) {
  let old=window[n]
  if (!old?.length) window[n]=track
  old?.q?.map(call=>track(...call))
}

// Of a clicked link its query and fragment are cut. Button 2 opens a menu, no page.
for (let n of ['auxclick', 'click', 'visibilitychange', 'scroll', 'focus', 'pageshow', 'blur', 'popstate']) addEventListener(n, ev=>{
  pulse(ev.type)
  moved(ev.persisted)
  let a=ev.button<2&&ev.target.closest?.('a')
  if (a?.host) {
    let url=a.origin+a.pathname
    let file=/\.(dmg|exe|mov|apk|7z|rtf|mp[34]|txt|csv|zip|gz|rar|(doc|ppt|xls)x?|iso|pdf|msi)$/i.test(url)
    if (file||a.host!=location.host) track(file?'File Download':'Outbound Link: Click', {props:{url}})
  }
}, true)
}
