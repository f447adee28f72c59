// What Plausible's scripts take from the attributes of their element; a part of `plausible.js` and `more.js`.
// Patterns of pages to leave out, and properties of all that the page sends (`event-author="Jane"` at the script), read when they are
// needed. `h` is empty where the fragment belongs to the page.
$given=(a,n)=>a.getAttribute(n)||a.getAttribute('data-'+n),
// Whether a path is one of a list: `*` stands for anything but a slash, `**` for anything.
$lists=(list,path)=>list.split(',').some(a=>RegExp('^'+a.trim().replace(/\*+|[^*\w/]/g,a=>a[1]?'.*':a=='*'?'[^/]*':'\\'+a)+'/?$').test(path)),
$rules=(it,$script,h)=>{
  let {exclude,include}=$script.dataset,x=location.pathname+(h?'':location.hash),own={}
  if(it.n=='pageview'&&(include&&!$lists(include,x)||exclude&&($lists(exclude,x)||$lists(exclude,new URL(it.u).pathname))))return'exclusion rule'
  for(let {name,value} of $script.attributes)if(/^event-/.test(name))own[name.slice(6)]=value
  it.props={...own,...it.props}
},
