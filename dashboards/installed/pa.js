// Installed snippets of Plausible's script per site, `/js/pa-ID.js`. DOMAIN is the site that has the ID as an alias; where
// none has, the collector takes the host of the page. Options are those of `plausible.init`, and nothing happens before it.
//
//   <script async src="https://COLLECTOR/js/pa-ID.js"></script>
//
// It is `more.js` too, in whose place other scripts ask for what they cannot do. Then options stand in attributes, and
// `plausible.init` counts where there is one: WAITS says whether to wait for it.
let {src:$src,dataset:$data}=$script,$page,$why='transformRequest',$asked,$own=window.plausible?.o
history.headcount=1
if(!$own&&WAITS){
  setTimeout(()=>$own||window.console.info('headcount: waits for plausible.init()'),1e3)
  $own=await new Promise(go=>(window.plausible=window.plausible||function(){(plausible.q=plausible.q||[]).push(arguments)}).init=o=>go(o||{}))
}
let $init=$asked=$own
$own??={}
let console=$own.logging===false?{info(){},warn(){}}:window.console,
// Another tracker may be on the page, with a server of its own: where our script names its site, it names its collector too.
$its={domain:$own.domain||DOMAIN,...!$data.domain&&{api:$own.endpoint},...$init&&{hash:!!$own.hashBasedRouting,manual:$own.autoCapturePageviews===false,outbound:!!$own.outboundLinks,file:!!$own.fileDownloads,form:!!$own.formSubmissions},...$data},
$types=$own.fileDownloads?.fileExtensions,
$forbid=it=>$rules(it)||$init&&!$own.captureOnLocalhost&&!('local'in $data)&&$local(),
// What the site's function is given has Plausible's keys.
$mask=it=>{
  if(!$init)return it
  let {props,revenue,interactive,...more}=it,all=$own.customProperties
  if(all?.call)all=all(it.n)
  it={...more,p:{...typeof all=='object'&&all,...props},$:revenue,i:interactive}
  return $own.transformRequest?$own.transformRequest(it):it
}
// TAGGED
$types=($types||$endings($init?$list:$list+',apk,xls,doc,msi,iso')).map(a=>a.toLowerCase())
// Without options links are told as our own script does.
if(!$init)$kind=(a,url)=>$types.includes(url.pathname.split('.').pop().toLowerCase())?'File Download':url.host!=location.host&&'Outbound Link: Click'
for(let n in $own)/^(domain|(hashBased|capture|auto|outbound|file|form|custom|bind)[A-Z]\w+|logging|transformRequest|lib)$/.test(n)||n=='endpoint'&&!$data.domain||console.info('headcount: no effect here,',n)
// TRACKER
$track.init=o=>Object.assign($own,o)
