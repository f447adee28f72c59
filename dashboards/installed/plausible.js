// Installed snippets of Plausible's classic script: options stand in the file's name, `/js/script.hash.outbound-links.js`, and
// in the script's attributes, which are read when they are needed.
//
//   <script defer data-domain="example.com" src="https://COLLECTOR/js/plausible.js"></script>
let $script=document.currentScript,$src=$script.src,
$names=new URL($src).pathname.split('/').pop().split('.').slice(1,-1),
$has=n=>$names.includes(n),
$asked=$has('tagged-events'),
$its={...$script.dataset,hash:$has('hash'),manual:$has('manual'),outbound:$has('outbound-links'),file:$has('file-downloads'),form:$has('form-submissions')}
// What `plausible.init` asks for is done by `more.js`, which takes the name's parts as attributes.
if(window.plausible?.init){
  for(let n of $names)$script.dataset[n.split('-')[0]]=''
  history.headcount=1
  import(new URL('more.js',$src)).then(x=>x.more($script)).catch(x=>console.info('headcount: not counted,',x))
}else{
let
// RULES
$forbid=it=>window.plausible?.init?'plausible.init':$rules(it,$script,h)||!$has('local')&&$local()
for(let n of $names)/^(hash|manual|outbound-links|file-downloads|form-submissions|tagged-events|revenue|pageview-props|dimensions|exclusions|local|compat)$/.test(n)||console.info('headcount: no effect here,',n)
// TAGGED
let $add=$given($script,'add-file-types'),$types=($add?$add+','+$list:$given($script,'file-types')||$list).split(',').map(a=>a.trim().toLowerCase())
// TRACKER
}
