// Installed snippets of Plausible's script per site, `/js/pa-ID.js`. DOMAIN is the site that has the ID as an alias; where
// none has, the collector takes the host of the page. Options are those of `plausible.init`.
//
//   <script async src="https://COLLECTOR/js/pa-ID.js"></script>
let {src}=document.currentScript, its=window.plausible?.o||{}, dataset={domain:its.domain||DOMAIN, api:its.endpoint}
if (its.hashBasedRouting) dataset.hash=1
if (its.autoCapturePageviews===false) dataset.manual=1
// TRACKER
// Events that stand in the class of a link or button: `plausible-event-name=Signup plausible-event-plan=pro`.
addEventListener('click', ev=>{
  let a=ev.target.closest?.('[class*=plausible-event-name]'), props={}
  for (let [, key, value] of (a?.getAttribute('class')||'').matchAll(/plausible-event-([^=\s]+?)(?:=|--)(\S+)/g)) props[key]=value.replace(/\+/g, ' ')
  let {name, ...more}=props
  if (name) track(name, {props:more})
}, true)
