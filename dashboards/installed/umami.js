// Installed snippets of Umami's script, with `umami.track` and clicks on `data-umami-event`. `umami.identify` does nothing:
// people are not told apart by names here.
//
//   <script defer data-website-id="UUID" src="https://COLLECTOR/script.js"></script>
let {dataset:its, src}=document.currentScript
let dataset={domain:its.websiteId||its.domain, api:new URL('api/event', its.hostUrl?its.hostUrl+'/':src)}
if (its.autoTrack=='false') dataset.manual=1
// TRACKER
window.umami={
  identify() {},
  track(n, data) {
    let it=typeof n=='function'?n({url:location.href}):typeof n=='string'?{name:n, data}:n||{}
    let {revenue:amount, currency, ...props}=it.data||{}
    return track(it.name||'pageview', {url:new URL(it.url||'', location).href, props, revenue:amount&&{amount, currency}})
  }
}
addEventListener('click', ev=>{
  let a=ev.target.closest?.('[data-umami-event]'), data={}
  for (let {name, value} of a?.attributes||[]) if (/^data-umami-event-/.test(name)) data[name.slice(17)]=value
  if (a) umami.track(a.dataset.umamiEvent, data)
}, true)
