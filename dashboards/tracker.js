// In: what happens to a page in a visitor's browser. Out: beacons, `POST .../api/event`, in Plausible's format with a
// few keys of ours. Forgets: everything. It sets no cookie and stores nothing; the one key it ever writes is the
// opt-out, and only when the visitor asks for it. Its attributes and calls are listed in docs/trackers.md.
//
//   <script defer data-domain="example.com" src="https://COLLECTOR/js/script.js"></script>
//
// It must stay below 1.5 KB when compressed. The collector drops comment lines and leading space when it serves this
// file and shortens names that begin with `$`, and nothing else; so the rest is written tight, every comment has a line of
// its own, lists stand in the order that compresses best, and variables bear the names of the beacon's keys where they hold
// what those keys tell:
//   n   a name                                 h   what is cut from addresses: the fragment, or nothing
//   u   address of the page as it was sent     r   its referrer
//   sd  its scroll depth as sent, in percent   e   milliseconds that it was looked at and that are not sent yet
// and beside them `y`, lowest pixel of that page that came into view; `at`, when somebody began to look at it (false
// while nobody does); `$path`, by which a navigation is told from a mere change of state; `off`, the visitor has opted out.
// `u` is empty while the page shown is not counted, and then nothing is told of its reading either. `a`, `o` and `x` are
// whatever is at hand.
//
// Comments in capitals are places where scripts for other trackers' snippets put in what only they need. A second copy
// of this script on the same page does nothing. The mark of the first is kept where no element's `id` can stand.
//
// What is rare is done by a second file, `more.js`, which is this one in full with the rest of Plausible's options: attributes
// but `data-domain`, `plausible.init`, campaign keys in a fragment, pages loaded ahead of need. It runs in the place of this
// one; calls wait for it. `page/tracker.rs` says what is cut from the first file.
// MORE
{
let $script=document.currentScript
// END
if(history.headcount)console.info('headcount: not counted,','again')
// MORE
else if(history.headcount=1,document.prerendering||window.plausible?.init||/data-[aefhimo]|event-|file-t|#.*[mko]_/.exec($script.outerHTML+location))import(new URL('more.js',$script.src)).then(a=>a.more($script)).catch(x=>console.info('headcount: not counted,',x))
// END
else{
let $files=/\.(zip|csv|pdf|rar|apk|exe|xlsx?|mov|pptx?|mp.|gz|docx?|msi|7z|dmg|rtf|iso|txt)$/i,y,u,e,sd,off,$path,at,r=document.referrer,
// PLACE
{dataset:$its,src:$src}=$script,
// An attribute is on or off (`false`, `no`, `off`, `0`); where it is not there, it is on unless `or` says else.
$on=(n,or)=>!/^(f|n|of|0)/i.test($its[n]??or),
h=$on('hash',0)?'':/#.*/,
$here=o=>location.href.replace(h,''),
// Sends one beacon. Being async it throws nothing into the page. Whatever stops it ends in one line of the console: a
// warning when the collector answered, else information.
$track=async(n,o)=>{
  let a,x,{url,callback,...more}=o||0
  try{
    // A page that is loaded ahead of need waits until it is shown.
    if(document.prerendering)await new Promise(a=>addEventListener('prerenderingchange',a,1))
    // What is left of the page before is sent first. Only the first page that counts has a referrer.
    if(n=='pageview'){
      $pulse()
      if(u)r=u=''
      e=sd=y=0
    }
    // `more` holds props, revenue and interactive. `w` is a width that tells the class of the device and no more. `t` is a
    // touch screen: on a Mac an iPad. `wd` is automation; it is told rather than kept silent, so that the collector counts
    // the rejection.
    let it={t:navigator.maxTouchPoints>1,tz:Intl.DateTimeFormat().resolvedOptions().timeZone,n,w:innerWidth&-16,u:url||$here(),r,wd:navigator.webdriver||!!window.Cypress,d:$its.domain,h:!h,...more}
    // The opt-out is asked each time, so that it acts at once. Access to storage may be denied; the wish then holds for
    // this page.
    try{
      if(x=/headcount=[ic]/.exec(location))(off=x>'headcount=d')?localStorage.headcount_ignore=true:delete localStorage.headcount_ignore
      off=/true/.test(localStorage.headcount_ignore+localStorage.plausible_ignore)
    }catch{}
    // A frame without an address of its own is no page.
    if(x=off?'localStorage.headcount_ignore':window.plausible?.init||/^(file|data|blob|about):/.exec(it.u))throw x
    // MASK
    if(n=='pageview')u=it.u
    // Browsers refuse what exceeds 64 KB on its way, others' messages included. That is sent once more, without `keepalive`.
    // Firefox before 133 has none: what may be sent while a page closes goes as a beacon, which cannot tell the answer.
    let body=JSON.stringify(it),to=new URL($its.api||'../api/event',$src)
    x=a=>fetch(to,{credentials:'omit',keepalive:a==1,method:'POST',body})
    if(n=='pageview'||'keepalive'in Request.prototype||!navigator.sendBeacon(to,body)){
      a=await x(1).catch(x)
      // Why a beacon that was taken is not counted: `unknown_site` after a slip in data-domain, `opted_out` by GPC or DNT.
      if(x=a.headers.get('x-headcount-rejected')||!a.ok&&a.status)throw x
    }
  }catch(x){
    console[a?'warn':'info']('headcount: not counted,',x)
  }
  callback?.(a)
},
// Runs the clock while the page is visible and has the focus, and tells when that ends: the first time always, later
// only when somebody scrolled further or looked for 3 seconds; and each minute, so that a browser that quits takes no
// more with it. Without a type, the page is left for another of this document. A page that is closed or left for another
// document becomes hidden, so `pagehide` is not needed. Depth is kept in pixels, because pages grow while they load.
$pulse=n=>{
  y=Math.max(y,scrollY+innerHeight)
  if(n!='scroll'){
    e+=at&&Date.now()-at
    at=!document.hidden&&document.hasFocus()&&Date.now()
    let x=100*y/document.documentElement.scrollHeight|0
    if(u&&e&&(!n||!at||e>=6e4)&&(x>sd||e>3e3)){
      $track('engagement',{url:u,e,sd:sd=x})
      e=0
    }
  }
},
// A pageview if the path has changed; a changed query is the same page, and so is the path in its canonical form (a slash
// at its end, capitals), unless somebody went there: pushState, popstate, traverse. `o` is a page that came back whole
// from the browser's back-forward cache.
$moved=(n,o)=>{
  let a=$path
  $path=$here().replace(/\?[^#]*/,'')
  if(!$on('manual',0)&&(o||$path!=a&&(/^[pt]/.test(n)||!/^(.*?)\/? \1\/?$/i.test(a+' '+$path))))$track('pageview')
}
$moved(setInterval($pulse,1e4))
// Routers may have kept the browser's own functions; where there is a Navigation API it tells all the same.
window.navigation?.addEventListener?.('currententrychange',a=>$moved(a.navigationType))
for(let n of'pushState replaceState'.split(' ')){
  let x=history[n]
  history[n]=(...a)=>$moved(n,x.apply(history,a))
}
for(let n of'click focus auxclick scroll blur pageshow visibilitychange submit popstate'.split(' '))addEventListener(n,o=>{
  $pulse(n)
  $moved(n,o.persisted)
  // AUTO
  // Links may stand within shadow roots and drawings. Of a clicked one its query and fragment are cut. Button 2 opens a
  // menu, no page. Of a form nothing is told but that it was sent.
  let url,x=n=='submit'&&'Form: Submission',a=o.button<2&&o.composedPath().find(a=>a.matches?.('a,area'))
  if(a)try{
    url=new URL(a.href.baseVal??a.href,document.baseURI)
    url.hash=url.search=''
    if(url.host)x=$files.test(url.pathname)?'File Download':url.host!=location.host&&'Outbound Link: Click'
  }catch{}
  if(x&&$on(/\w+/.exec(x.toLowerCase())))$track(x,{url:u,props:{url}})
  // END
},1)
// A name is free unless the page gave it to something else than the line that lets calls wait: elements are found by their
// `id` there too.
for(let n of'headcount plausible'.split(' ')){
  let x=window[n]
  if(!x||/\bq\b|t HT/.test(x)){
    window[n]=$track
    x?.q?.map(a=>$track(...a))
  }
}
}
// MORE
}
// END
