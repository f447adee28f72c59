// What Plausible's two snippets share: which files are downloads, pages of the developer's own machine, and events that stand
// in the class of a link, button or form: `plausible-event-name=Signup plausible-event-plan=pro plausible-revenue-amount=9`.
let $list='pdf,xlsx,docx,txt,rtf,csv,exe,key,pps,ppt,pptx,7z,pkg,rar,gz,zip,avi,mov,mp4,mpeg,wmv,midi,mp3,wav,wma,dmg',
$local=()=>/^(localhost|127(\.\d+){1,3}|\[::1?\])$/.test(location.hostname)&&'localhost',
$tagged=a=>$asked&&/plausible-event-name(=|--)./.test(a.className?.baseVal??a.className),
// A tagged link has its own event. A link elsewhere is outbound first.
$kind=(a,url)=>!$tagged(a)&&(url.host!=location.host&&$on('outbound')?'Outbound Link: Click':$types.includes(url.pathname.split('.').pop().toLowerCase())&&'File Download')
for(let n of'click auxclick submit'.split(' '))addEventListener(n,o=>{
  let path=o.composedPath().slice(0,4),a=path.find($tagged),x={event:{},revenue:{}},link
  // Of a form its sending counts, not what is clicked in it.
  if(!a||o.button>1||n!='submit'&&path.some(a=>a.localName=='form'))return
  for(let name of a.classList){
    let m=/^plausible-(event|revenue)-(.+?)(?:=|--)(.+)/.exec(name)
    if(m)x[m[1]][m[2]]=m[3].replace(/\+/g,' ')
  }
  if(link=path.find(a=>a.localName=='a'))x.event.url=link.href.split(/[?#]/)[0]
  let {name,...props}=x.event
  $track(name,{props,revenue:x.revenue.amount&&x.revenue})
},true)
