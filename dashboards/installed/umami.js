// Installed snippets of Umami's script, with `umami.track` and clicks on `data-umami-event`. `umami.identify` does nothing:
// people are not told apart by names here. Attributes are read when they are needed.
//
//   <script defer data-website-id="UUID" src="https://COLLECTOR/script.js"></script>
let $script=document.currentScript,{src:$src,dataset:$set}=$script,$page,$why='data-before-send',
$yes=n=>n in $set&&!/^(f|n|of|0)/i.test($set[n]),
$auto=!/^f/.test($set.autoTrack),
$its={domain:$set.websiteId||$set.domain,api:new URL('api/event',$set.hostUrl?.replace(/\/?$/,'/')||$src),manual:!$auto||/^f/.test($set.autoPageview)},
$forbid=it=>{
  try{
    if(localStorage['umami.disabled'])return'umami.disabled'
  }catch{}
  if($set.domains&&!$set.domains.split(/[ ,]+/).includes(location.hostname))return'data-domains'
  if($yes('doNotTrack')&&/^(1|yes)$/.test(navigator.doNotTrack||window.doNotTrack))return'data-do-not-track'
},
$payload=(url,referrer)=>({website:$its.domain,hostname:location.hostname,screen:screen.width+'x'+screen.height,language:navigator.language,title:document.title,url,referrer,tag:$set.tag}),
$flat=(data,before='',all={})=>{
  for(let n in data)typeof data[n]=='object'&&!Array.isArray(data[n])?$flat(data[n],before+n+'.',all):all[before+n]=Array.isArray(data[n])?JSON.stringify(data[n]):data[n]
  return all
},
// What the site's function is given is Umami's. Without it nothing is sent: it may be there to hide something.
$mask=async({props:data,tag=$set.tag,...it})=>{
  let to=new URL(it.u)
  if($yes('excludeSearch'))to.search=''
  if($yes('excludeHash'))to.hash=''
  if($set.beforeSend){
    let x=await window[$set.beforeSend]('event',{...$payload(to.href,it.r),tag,...it.n!='pageview'&&{name:it.n,data}})
    if(!x)return
    to=new URL(x.url||'/',location)
    to.hostname=x.hostname||to.hostname
    ;({tag,data}=x)
    it={...it,n:x.name||'pageview',r:x.referrer,d:x.website}
  }
  let {revenue:amount,currency,...props}=$flat(data)
  return {...it,u:to.href,props:{...tag&&{tag},...props},revenue:amount&&{amount,currency}}
}
for(let n in $set)/^(websiteId|hostUrl|domains?|auto|doNotTrack|tag|exclude|beforeSend|fetchCredentials|cache|distinctId)/.test(n)||!$yes(n)||console.info('headcount: no effect here,',n)
// TRACKER
let x=window.umami
if(x&&!x.nodeType&&!/t HT/.test(x))console.info('headcount: no effect here,','umami')
else window.umami={
  identify:async()=>{},
  getSession:()=>({}),
  captureException:async()=>console.info('headcount: no effect here,','captureException'),
  async track(n,data){
    let it=n?.call?n($payload($here(),r)):n?.big?{name:n,data}:n||{}
    return $track(it.name||'pageview',{url:it.url&&new URL(it.url,location).href,...'referrer'in it&&{r:it.referrer},...it.website&&{d:it.website},props:it.data,...'tag'in it&&{tag:it.tag}})
  }
}
addEventListener('click',o=>{
  let a=$auto&&o.composedPath().find(a=>a.matches?.('[data-umami-event]')),data={}
  for(let {name,value} of a?.attributes||[])if(/^data-umami-event-/.test(name))data[name.slice(17)]=value
  if(a)$track(a.dataset.umamiEvent,{props:data})
},true)
