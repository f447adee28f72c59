// Installed snippets of Plausible's script per site, `/js/pa-ID.js`. DOMAIN is the site that has the ID as an alias; where
// none has, the collector takes the host of the page. Options are those of `plausible.init`, and nothing happens before it.
//
//   <script async src="https://COLLECTOR/js/pa-ID.js"></script>
//
// It is `init.js` too, which other scripts of ours run in their place where the page calls `plausible.init`.
let {src:$src}=$script,$page,$why='transformRequest',$asked=1,$own=window.plausible?.o
history.headcount=1
if(!$own){
  setTimeout(()=>$own||window.console.info('headcount: waits for plausible.init()'),1e3)
  $own=await new Promise(go=>(window.plausible=window.plausible||function(){(plausible.q=plausible.q||[]).push(arguments)}).init=o=>go(o||{}))
}
// What forbids may stand at the element.
let $rules=/clude=|event-/.test($script.outerHTML)&&(await import(new URL('more.js',$src))).rules
let console=$own.logging===false?{info(){},warn(){}}:window.console,
$its={domain:$own.domain||DOMAIN,api:$own.endpoint,hash:$own.hashBasedRouting,manual:$own.autoCapturePageviews===false,outbound:!!$own.outboundLinks,file:!!$own.fileDownloads,form:!!$own.formSubmissions,...$script.dataset},
$forbid=it=>$rules&&$rules(it,$script,h)||!$own.captureOnLocalhost&&$local(),
// What the site's function is given has Plausible's keys.
$mask=({props,revenue,interactive,...it})=>{
  let all=$own.customProperties
  if(all?.call)all=all(it.n)
  it={...it,p:{...typeof all=='object'&&all,...props},$:revenue,i:interactive}
  return $own.transformRequest?$own.transformRequest(it):it
}
// TAGGED
let $types=($own.fileDownloads?.fileExtensions||$list.split(',')).map(a=>a.toLowerCase())
for(let n in $own)/^(domain|endpoint|logging|lib|(hashB|capture|auto|outb|file|form|custom|bind|trans)\w+)$/.test(n)||console.info('headcount: no effect here,',n)
// TRACKER
$track.init=o=>Object.assign($own,o)
