// Installed snippets of GoatCounter's script, with `goatcounter.count` and clicks on `data-goatcounter-click`. The site is
// named by the address, `https://COLLECTOR/count/SITE`; else the collector takes the host of the page.
//
//   <script data-goatcounter="https://COLLECTOR/count" async src="//COLLECTOR/count.js"></script>
let {dataset:its, src}=document.currentScript, live=window.goatcounter||{}
let to=live.endpoint||its.goatcounter||src, domain=/\/count\/([^/?]+)/.exec(to)?.[1]
let dataset={domain, api:new URL((domain?'../':'')+'api/event', new URL(to, src))}
if (live.no_onload||/"no_onload": *true/.test(its.goatcounterSettings)) dataset.manual=1
// TRACKER
window.goatcounter={...live, count(it) {
  let {path, event}=it||{}
  if (path?.call) path=path(location.pathname)
  return event?track(path, {}):track('pageview', {url:new URL(path||'', location).href})
}}
addEventListener('click', ev=>{
  let a=ev.target.closest?.('[data-goatcounter-click]')
  if (a) track(a.dataset.goatcounterClick||a.id||a.name)
}, true)
