// Installed snippets of Plausible's classic script: options stand in the file's name, `/js/script.hash.outbound-links.js`, and
// in the script's attributes, which are read when they are needed.
//
//   <script defer data-domain="example.com" src="https://COLLECTOR/js/plausible.js"></script>
let $script=document.currentScript,$src=$script.src,
$names=new URL($src).pathname.split('/').pop().split('.').slice(1,-1),
$has=n=>$names.includes(n),
$asked=$has('tagged-events'),
$given=n=>$script.getAttribute(n)||$script.dataset[n.replace(/-(.)/g,(a,b)=>b.toUpperCase())],
$its={...$script.dataset,hash:$has('hash'),manual:$has('manual'),outbound:$has('outbound-links'),file:$has('file-downloads'),form:$has('form-submissions')},
// Whether a path is one of a list: `*` stands for anything but a slash, `**` for anything.
$lists=(list,path)=>list.split(',').some(a=>RegExp('^'+a.trim().replace(/\*+|[^*\w/]/g,a=>a[1]?'.*':a=='*'?'[^/]*':'\\'+a)+'/?$').test(path)),
$forbid=it=>{
  let {exclude,include}=$script.dataset,x=location.pathname+($has('hash')?location.hash:'')
  if(it.n=='pageview'&&(include&&!$lists(include,x)||exclude&&($lists(exclude,x)||$lists(exclude,new URL(it.u).pathname))))return'exclusion rule'
  // Properties of all that the page sends: `event-author="Jane"` at the script.
  let own={}
  if($has('pageview-props'))for(let {name,value} of $script.attributes)if(/^event-/.test(name))own[name.slice(6)]=value
  it.props={...own,...it.props}
  return!$has('local')&&$local()
}
for(let n of $names)/^(hash|manual|outbound-links|file-downloads|form-submissions|tagged-events|revenue|pageview-props|dimensions|exclusions|local|compat)$/.test(n)||console.info('headcount: no effect here,',n)
// TAGGED
let $add=$given('add-file-types'),$types=($add?$add+','+$list:$given('file-types')||$list).split(',').map(a=>a.trim().toLowerCase())
// TRACKER
