// Installed snippets of Matomo's script: what they push on `_paq`. Here stand pages and events; the first call of anything else
// loads `matomo-more.js`, and it and all later calls wait for that, so that no consent, opt-out or mask comes too late.
//
//   _paq.push(['trackPageView']); _paq.push(['setTrackerUrl', u + 'matomo.php']); _paq.push(['setSiteId', '7']); ...
let $src=document.currentScript.src,$page,$why='setCustomRequestProcessing',$bad={},$held,
// `own` are properties of all messages; `forbid`, `mask`, `kind` and `other` come from the second file.
$set={own:{},sites:[]},
$its={manual:1,form:0,api:new URL('api/event',$src)},
// Consent and opt-out as the site has them remembered here; else Matomo's own cookies are read.
$old=n=>{
  try{
    return localStorage[n]??RegExp('(^|; )'+n+'=').test(document.cookie)
  }catch{}
},
$removed=()=>!$set.given&&!!$old('mtm_consent_removed'),
$forbid=it=>{
  for(let n in $bad)if($bad[n])return n
  return $removed()?'optUserOut':$held?'matomo-more.js':$set.forbid?.(it)
},
$mask=it=>{
  it.r=$set.ref??it.r
  it.props={...$set.own,...it.props}
  return $set.mask?$set.mask(it):it
},
$kind=(a,url)=>$set.kind?.(a,url)
// TRACKER
let $send=(n,props={},data)=>{
  for(let x in data)if(/^dimension\d+$/.test(x))props[x]=data[x]
  $track(n,{url:$set.url,props})
},
$does={
  setSiteId(x){
    $set.sites[0]=x
    $its.domain=$set.sites.join()
  },
  setTrackerUrl(x){$its.api=new URL('api/event',new URL(x,$src))},
  setCustomUrl(x){$set.url=x&&new URL(x,location).href},
  trackPageView(title,data){$send('pageview',{},data)},
  trackEvent(category,n,label,value,data){$send(n,{category,label,value},data)}
},
// A setting that fails may have been there to hide something: then nothing is sent until it succeeds.
$run=(n,...a)=>{
  if(n?.call)return n.apply($it,a)
  try{
    let x=$does[n]
    x=x?x(...a):$set.other?.(n)
    delete $bad[n]
    return x
  }catch(x){
    if(/^[sd]/.test(n))$bad[n]=1
    console.warn('headcount:',n,x)
  }
},
$it=new Proxy($does,{get:(o,n)=>n!='then'&&n.big&&((...a)=>$run(n,...a))}),
$push=(...all)=>{
  for(let call of all)try{
    call=[].concat(call)
    if($held)$held.push(call)
    else if($does[call[0]]||$set.other)$run(...call)
    else{
      $held=[call]
      import(new URL('matomo-more.js',$src)).then(x=>{
        x.more($set,$does,$its,{old:$old,removed:$removed,track:$track,send:$send,run:$run,it:$it,src:$src})
        let all=$held
        $held=0
        $push(...all)
      },x=>console.warn('headcount: not counted,',x))
    }
  }catch(x){
    console.warn('headcount:',x)
  }
},
// What forbids is done before what counts, in whatever order they were called.
$calls=[...Array.isArray(window._paq)?window._paq:[]],
$first=x=>{
  let all=$calls.filter(call=>x.test(call[0]))
  $calls=$calls.filter(call=>!x.test(call[0]))
  $push(...all)
}
$first(/^set(SiteId|TrackerUrl|APIUrl)$/)
$first(/^(requireC|setDo|setE|setI|setCustomR|setDom|setL|addT|dis(?!ableL))/)
$first(/t(Given|UserO\w+)$|^optU/)
if(window.matomoAsyncInit||window.piwikAsyncInit)$calls.unshift(['asyncInit'])
$push(...$calls)
window._paq={push:$push}
