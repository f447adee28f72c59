// Installed snippets of Fathom Lite's script: what they call on `fathom`.
//
//   fathom('set', 'siteId', 'ABCDE'); fathom('trackPageview'); ... src="//COLLECTOR/tracker.js"
let {src:$src}=document.currentScript,$calls=[...window.fathom?.q||[]],
$its={api:new URL('api/event',$src),manual:1},
$forbid=it=>{
  if(/^(1|yes)$/.test(navigator.doNotTrack))return'doNotTrack'
  try{
    if(localStorage.blockFathomTracking)return'blockFathomTracking'
  }catch{}
}
// TRACKER
let $does={
  set(n,x){
    if(n=='siteId')$its.domain=x
    else if(n=='trackerUrl')$its.api=new URL('api/event',new URL(x,$src))
    else if(n=='spa')$its.manual=0
    else console.info('headcount: no effect here,',n)
  },
  setTrackerUrl(x){$does.set('trackerUrl',x)},
  trackPageview({path,hostname,referrer}={}){
    let a=new URL(document.querySelector('link[rel=canonical][href]')?.href||location)
    $track('pageview',{url:new URL(path||a.pathname+a.search,hostname?.replace(/^(?!\w+:)/,'https://')||a).href,...referrer!=null&&{r:referrer}})
  }
}
window.fathom=(n,...a)=>Object.hasOwn($does,n)?$does[n](...a):console.info('headcount: no effect here,',n)
$calls.map(call=>fathom(...call))
