// A module that other scripts ask for where their element or the page wants what they do not hold: `more` runs in the place of
// `/js/script.js`, with all its options and what Plausible's attributes say; `rules` are those of the element. Where the page
// calls `plausible.init`, `init.js` takes over, which is the script per site.
let
// RULES
$init=o=>window.plausible?.init
export let rules=$rules,more=async $script=>{
// The options may be another tracker's, with a server of its own: where our script names the site, its collector is meant too.
if($init()&&$script.dataset.domain)$script.dataset.api??='../api/event'
if($init())return(await import(new URL('init.js',$script.src))).more($script)
// BODY
let {src:$src,dataset:$its}=$script,
// Of a fragment that is no part of the page, campaign keys are told and nothing else.
$forbid=it=>{
  let x=$rules(it,$script,h),a=h&&it.n=='pageview'&&it.u==$here()&&location.hash.match(/\b((utm|mtm|pk|piwik|matomo)_\w+|ref|source)=[^&#]*/g)
  if(a)it.u+='#'+a.join('&')
  return x
},
$is=(n,url)=>$given($script,n)?.toLowerCase().split(/[ ,]+/).includes(url.pathname.split('.').pop().toLowerCase()),
$kind=(a,url)=>$is('add-file-types',url)||($given($script,'file-types')?$is('file-types',url):$files.test(url.pathname))?'File Download':url.host!=location.host&&'Outbound Link: Click'
// TRACKER
