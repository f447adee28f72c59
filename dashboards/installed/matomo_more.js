// The rarer methods of Matomo's `_paq`, and `Matomo.getTracker`: a module that `matomo.js` loads at the first call of one.
// Who a person is, all about cookies, and how messages travel have no meaning here. What has no effect though it might have a
// meaning, and every unknown method, is told in the console once.
export let more=($set,$does,$its,{old:$old,removed:$removed,track:$track,send:$send,run:$run,it:$it,src:$src})=>{
let $told={},$wait=[],
$say=n=>$told[n]??=console.info('headcount: no effect here,',n)||1,
$list=x=>x==null?[]:[].concat(x).flatMap(x=>(x+'').split('|')),
$named={},$keys={},$params=[],$types=['7z|aac|apk|avi|azw3|bin|csv|deb|dmg|docx?|epub|exe|flac|flv|gif|gz|gzip|jar|jpe?g|js|mp[234]|mpe?g|mobi|mov|movie|ms[ip]|od[bfgst]|og[gv]|pdf|phps|png|pptx?|rar|rpm|rtf|tar|t?bz2?|tgz|torrent|txt|wav|wm[av]|xlsx?|xml|xz|z|zip'],$without=[],
$referrers=[],$hosts=[],
// Whether an address is of one of these: `example.com`, `*.example.com`, `example.com/path`.
$within=(url,all)=>all.some(x=>{
  let [,any,host,path]=/^(?:\w+:\/\/)?(\*?\.)?([^/:]*)[^/]*(.*)/.exec(x)
  return(url.hostname==host||any&&url.hostname.endsWith('.'+host))&&url.pathname.startsWith(path.replace(/\*?$/,''))
}),
$store=(n,x)=>{
  try{
    localStorage[n]=x
  }catch{}
},
$remembered=()=>{
  let x=!$old('mtm_consent_removed')&&$old('mtm_consent')
  return x===true||x>Date.now()
},
$given=()=>{
  $set.given=1
  if($old('mtm_consent_removed'))$store('mtm_consent_removed','')
  $wait.splice(0).map(it=>$track(it.n,it))
},
$gone=()=>{
  $set.given=0
  $set.need=1
  $store('mtm_consent_removed',Date.now())
  $store('mtm_consent','')
},
$tracker=(url,id)=>{
  if(url)$run('setTrackerUrl',url)
  if(id)$run('setSiteId',id)
  return $it
}
$set.forbid=it=>{
  if($set.dnt&&/^(1|yes)$/.test(navigator.doNotTrack))return'setDoNotTrack'
  if($set.need&&!$set.given){
    if(it.n!='engagement')$wait.push(it)
    return'requireConsent'
  }
  if($set.quiet&&it.n=='engagement')return'disableHeartBeatTimer'
}
$set.kind=(a,url)=>{
  let is=n=>RegExp(`(^| )((piwik|matomo)[_-]${n}|${$set[n]||'-'})( |$)`).test(a.getAttribute('class'))
  if($set.links&&!is('ignore'))return!is('link')&&(is('download')||a.hasAttribute('download')||$set.types.test(url.pathname))?'File Download':(is('link')||!$within(url,[location.hostname,...$hosts]))&&'Outbound Link: Click'
}
$set.mask=it=>{
  let to=new URL(it.u),from
  for(let n of[...to.searchParams.keys()]){
    if($params.some(x=>x==n||x.test?.(n)))to.searchParams.delete(n)
    for(let x in $keys)if($keys[x].includes(n))to.searchParams.set(x,to.searchParams.get(n))
  }
  it.u=to.href
  try{
    from=new URL(it.r)
  }catch{}
  if(from&&$within(from,[...$referrers,...$hosts]))it.r=''
  if($set.plain)it.w=it.t=void 0
  if($set.process){
    let event=it.n!='pageview',x=new URLSearchParams({idsite:$its.domain,rec:1,url:it.u,urlref:it.r,...event&&{e_c:it.props.category??'',e_a:it.n,e_n:it.props.label??'',e_v:it.props.value??''}})
    if(!(x=$set.process(x+'')))return
    x=new URLSearchParams(x)
    it.u=x.get('url')||location.origin
    it.r=x.get('urlref')
    if(event){
      it.n=x.get('e_a')
      it.props={...it.props,category:x.get('e_c'),label:x.get('e_n'),value:x.get('e_v')}
    }
  }
  return it
}
$set.other=n=>{
  if(!/cookie|userid|visitor|attribution|crossdomain|linktrackingtimer|^setrequest|sendbeacon|queuerequest|documenttitle|performancetracking|generationtime|pageviewid|hashtag|^ping$|^getn/i.test(n))$say(n)
  return''
}
Object.assign($does,{
  requireConsent(){
    $set.need=1
    $set.given=$remembered()
  },
  setConsentGiven:$given,
  rememberConsentGiven(hours){
    $given()
    $store('mtm_consent',Date.now()+(hours||262800)*36e5)
  },
  forgetConsentGiven:$gone,
  optUserOut:$gone,
  forgetUserOptOut:$given,
  setDoNotTrack(x){$set.dnt=x},
  enableLinkTracking(){$set.links=1},
  setAPIUrl:x=>$does.setTrackerUrl(x),
  addTracker(url,id){
    if(url&&new URL(url,$src).origin!=$its.api.origin)$say('addTracker: another server')
    else{
      $set.sites.push(id)
      $its.domain=$set.sites.join()
    }
    return $it
  },
  isUserOptedOut:$removed,
  hasConsent:()=>!$removed()&&!!(!$set.need||$set.given),
  isConsentRequired:()=>!!$set.need,
  hasRememberedConsent:$remembered,
  getRememberedConsent:()=>$remembered()?$old('mtm_consent'):null,
  disableHeartBeatTimer(){$set.quiet=1},
  enableHeartBeatTimer(){$set.quiet=0},
  disableBrowserFeatureDetection(){$set.plain=1},
  enableBrowserFeatureDetection(){$set.plain=0},
  setCustomRequestProcessing(x){$set.process=x},
  setReferrerUrl(x){$set.ref=x},
  setExcludedQueryParams(x){$params.push(...$list(x))},
  disableCampaignParameters(){$params.push(/^(utm|mtm|pk|piwik|matomo)_|^(ref|source)$/)},
  setCampaignNameKey(x){$keys.utm_campaign=$list(x)},
  setCampaignKeywordKey(x){$keys.utm_term=$list(x)},
  setExcludedReferrers(x){$referrers=$list(x)},
  setDomains(x){$hosts=$list(x)},
  setIgnoreClasses(x){$set.ignore=$list(x).join('|')},
  setLinkClasses(x){$set.link=$list(x).join('|')},
  setDownloadClasses(x){$set.download=$list(x).join('|')},
  setDownloadExtensions(x){
    $types=$list(x)
    $without=[]
    $does.addDownloadExtensions()
  },
  addDownloadExtensions(x){
    $types.push(...$list(x))
    $set.types=RegExp('\\.'+($without.length?'(?!('+$without.join('|')+')$)':'')+'('+$types.join('|')+')$','i')
  },
  removeDownloadExtensions(x){
    $without.push(...$list(x))
    $does.addDownloadExtensions()
  },
  disableLinkTracking(){$set.links=0},
  setCustomDimension(n,x){$set.own['dimension'+n]=x},
  getCustomDimension:n=>$set.own['dimension'+n],
  deleteCustomDimension(n){delete $set.own['dimension'+n]},
  setCustomVariable(n,name,x){$set.own[$named[n]=name]=x},
  getCustomVariable:n=>[$named[n],$set.own[$named[n]]],
  deleteCustomVariable(n){delete $set.own[$named[n]]},
  deleteCustomVariables(){for(let n in $named)delete $set.own[$named[n]]},
  trackSiteSearch(keyword,category,count,data){$send('Site Search',{keyword,category,count},data)},
  trackGoal(n,revenue,data){$send('Goal '+n,{revenue},data)},
  trackEcommerceOrder(n,revenue){$send('Order',{revenue})},
  trackLink(url,kind,data){$send(kind=='download'?'File Download':'Outbound Link: Click',{url},data)},
  getSiteId:()=>$set.sites[0],
  getTrackerUrl:()=>$its.api+'',
  getMatomoUrl:()=>$its.api.origin+'/',
  getPiwikUrl:()=>$its.api.origin+'/',
  getCurrentUrl:()=>$set.url||location.href,
  // Not pushed by pages: what runs functions that wait for Matomo.
  asyncInit(){for(let n of['matomoAsyncInit','piwikAsyncInit'])if(window[n]?.call)window[n]()}
})
$does.addDownloadExtensions()
window.Matomo=window.Piwik=new Proxy({initialized:true,getTracker:$tracker,getAsyncTracker:$tracker,getAsyncTrackers:()=>[$it],addTracker:$does.addTracker},{get:(o,n)=>o[n]??(n.big?()=>$say('Matomo.'+n):void 0)})
}
