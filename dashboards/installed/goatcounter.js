// Installed snippets of GoatCounter's script, with its functions and clicks on `data-goatcounter-click`. The site is named by
// the address, `https://COLLECTOR/count/SITE`; else the collector takes the host of the page. Settings are read when they are
// needed. Only the page that was opened counts by itself, as there.
//
//   <script data-goatcounter="https://COLLECTOR/count" async src="//COLLECTOR/count.js"></script>
let {dataset:$set,src:$src}=document.currentScript,$live=window.goatcounter,$bad,
$say=n=>console.info('headcount: no effect here,',n)
if(!$live||typeof $live!='object'||$live.nodeType||/t HT/.test($live))$live={}
$live=$live.vars||$live
try{
  let all=JSON.parse($set.goatcounterSettings||'{}')
  for(let n in all)/^(no_(onload|events|session)|allow_(local|frame)|path|title|referrer|event|endpoint)$/.test(n)?$live[n]=all[n]:$say(n)
}catch{
  $bad='data-goatcounter-settings'
}
let $now=n=>(window.goatcounter?.[n]==null?$live:window.goatcounter)[n],
$to=new URL($live.endpoint||$set.goatcounter||$src,$src),
$site=/\/count\/([^/?]+)/.exec($to)?.[1],
$its={domain:$site,api:new URL(($site?'../':'')+'api/event',$to),manual:1},
$events=!$live.no_onload&&!$live.no_events,
$filter=it=>{
  if($bad)return $bad
  if(!$now('allow_frame')&&parent!=self)return'frame'
  if(!$now('allow_local')&&/(localhost$|^127\.|^10\.|^172\.(1[6-9]|2\d|3[01])\.|^192\.168\.|^0\.0\.0\.0$)/.test(location.hostname))return'localhost'
  try{
    if(localStorage.skipgc=='t')return'#toggle-goatcounter'
  }catch{}
  return false
},
$forbid=$filter,
$place=()=>{
  let a=document.querySelector('link[rel=canonical][href]'),bare=a=>a.hostname.replace(/^www\./,'')
  a=a?new URL(a.href):location
  if(bare(a)!=bare(location))a=location
  return a.pathname+a.search
},
// Path, referrer and title of a hit: those of the call, else of the settings, else the page's. Functions are given the latter.
$get=(o,n,or)=>{
  let x=o?.[n]===undefined?$now(n):o[n]
  return x?.call?x(or):x??or
}
if(location.hash=='#toggle-goatcounter')try{
  let x=localStorage.skipgc=='t'
  x?delete localStorage.skipgc:localStorage.skipgc='t'
  alert('Visits with this browser are '+(x?'':'not ')+'counted.')
}catch{}
// TRACKER
Object.assign(window.goatcounter=$live,{
  filter:$filter,
  count(o){
    try{
      let n=$get(o,'path',$place()),more={r:$get(o,'referrer',r)}
      if(n===null)throw'path is null'
      n=n+''
      return o?.event||$now('event')?$track(n.replace(/^\//,''),more):$track('pageview',{url:/^https?:/.test(n)?n:location.origin+n.replace(/^\/*/,'/'),...more})
    }catch(x){
      console.info('headcount: not counted,',x)
    }
  },
  url(o){
    let n=$get(o,'path',$place())
    return n===null?void 0:$to+'?'+new URLSearchParams({p:n,r:$get(o,'referrer',r),...o?.event&&{e:true},q:location.search})
  },
  get_query:n=>new URLSearchParams(location.search).get(n)??void 0,
  bind_events(){$events=1},
  visit_count(o={}){
    let a=document.createElement('img')
    for(let n in o.attr)a.setAttribute(n,o.attr[n])
    a.src=new URL(($site?'../':'')+'counter/'+($site||location.hostname)+(o.path||$place()).replace(/\?.*/,'')+'.svg',$to)
    document.querySelector(o.append||'body').append(a)
  }
})
for(let n of'click auxclick'.split(' '))addEventListener(n,o=>{
  let a=$events&&o.button<2&&o.composedPath().find(a=>a.matches?.('[data-goatcounter-click]')),d=a?.dataset
  if(a)goatcounter.count({event:true,path:d.goatcounterClick||a.name||a.id,referrer:d.goatcounterReferrer||d.goatcounterReferral})
},true)
// A page in a background tab counts when it is looked at.
if(!$live.no_onload){
  let go=()=>document.hidden||(removeEventListener('visibilitychange',go,true),goatcounter.count())
  document.hidden&&!document.prerendering?addEventListener('visibilitychange',go,true):goatcounter.count()
}
